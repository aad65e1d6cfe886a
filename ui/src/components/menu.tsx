// A button and what opens below it. Escape or a click elsewhere closes.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

export function Menu(props: { label: string; button: ComponentChildren; class?: string; end?: boolean; children: (close: () => void) => ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!ref.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
      trigger.current?.focus();
    };
    document.addEventListener('pointerdown', outside);
    ref.current?.addEventListener('keydown', escape);
    const menu = ref.current;
    return () => {
      document.removeEventListener('pointerdown', outside);
      menu?.removeEventListener('keydown', escape);
    };
  }, [open]);
  return (
    <div ref={ref} style={{ position: 'relative' }}>
      <button ref={trigger} class={props.class ?? 'btn'} aria-haspopup="dialog" aria-expanded={open} title={props.label} onClick={() => setOpen(!open)}>
        {props.button}
      </button>
      {open && (
        <div class={`menu fade-in${props.end ? ' end' : ''}`} role="dialog" aria-label={props.label}>
          {props.children(() => setOpen(false))}
        </div>
      )}
    </div>
  );
}
