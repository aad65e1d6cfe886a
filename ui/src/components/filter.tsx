// The search box of all signals: one grammar, suggestions from the server, mistakes shown at their place.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem, get } from '../base/api';
import { texts } from '../base/i18n';
import { register } from '../base/keys';
import type { Suggestions } from '../base/schema';
import { short } from '../base/format';
import { Icon } from './icons';

const t = texts({
  filter: ['Filter', '筛选'],
  placeholder: ['service:pay AND duration>200ms, or any text', 'service:pay AND duration>200ms，或任意文本'],
  clear: ['Clear', '清除'],
  keyboard: ['Filter', '筛选'],
  focus: ['Go to the filter', '聚焦筛选框'],
  suggestions: ['Suggestions', '建议'],
});

export function FilterBar(props: { table: 'spans' | 'logs' | 'metrics'; value: string; error?: Error | null; onChange: (q: string) => void }) {
  const [text, setText] = useState(props.value);
  const [found, setFound] = useState<Suggestions | null>(null);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const asking = useRef<AbortController | null>(null);
  const shown = useRef(props.value);
  if (shown.current !== props.value) {
    shown.current = props.value;
    setText(props.value);
  }
  useEffect(
    () =>
      register({
        title: () => t('keyboard'),
        bindings: [{ keys: '/', does: () => t('focus'), run: () => input.current?.focus() }],
      }),
    [],
  );

  const suggest = async (q: string, cursor: number) => {
    asking.current?.abort();
    const abort = (asking.current = new AbortController());
    try {
      const answer = await get<Suggestions>('search/suggest', { table: props.table, q, cursor }, abort.signal);
      if (!abort.signal.aborted) {
        setFound(answer.suggestions.length ? answer : null);
        setActive(-1);
      }
    } catch {
      // Suggestions are a courtesy.
      if (!abort.signal.aborted) setFound(null);
    }
  };

  const close = () => {
    asking.current?.abort();
    setFound(null);
  };
  const submit = (q: string) => {
    close();
    props.onChange(q.trim());
  };
  const take = (index: number) => {
    const suggestion = found?.suggestions[index];
    if (!suggestion || !found) return;
    const characters = [...text];
    const next = characters.slice(0, found.replace.start).join('') + suggestion.text + characters.slice(found.replace.end).join('');
    setText(next);
    input.current?.focus();
    void suggest(next, found.replace.start + [...suggestion.text].length);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const count = found?.suggestions.length ?? 0;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!count) void suggest(text, input.current?.selectionStart ?? text.length);
      else setActive((active + (event.key === 'ArrowDown' ? 1 : -1) + count + (active < 0 && event.key === 'ArrowUp' ? 1 : 0)) % count);
    } else if (event.key === 'Tab' && count && !event.shiftKey) {
      event.preventDefault();
      take(Math.max(active, 0));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (active >= 0) take(active);
      else submit(text);
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      event.preventDefault();
      if (found) close();
      else input.current?.blur();
    }
  };
  const mistakes = props.error instanceof Problem && props.error.status === 400 ? (props.error.body.errors ?? []).filter((one) => one.param === 'q') : [];
  return (
    <div class="filter-box" style={{ flex: '1 1 340px', minWidth: 0 }}>
      <div class="filter">
        <Icon name="search" size={15} />
        <input
          ref={input}
          class="input"
          role="combobox"
          aria-expanded={found !== null}
          aria-controls="filter-suggestions"
          aria-activedescendant={active >= 0 ? `suggestion-${active}` : undefined}
          aria-autocomplete="list"
          aria-label={t('filter')}
          aria-invalid={mistakes.length > 0}
          placeholder={t('placeholder')}
          spellcheck={false}
          autocomplete="off"
          value={text}
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget;
            setText(value);
            void suggest(value, [...value.slice(0, selectionStart ?? value.length)].length);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setTimeout(close, 150)}
        />
        {text && (
          <button class="clear" aria-label={t('clear')} title={t('clear')} onClick={() => (setText(''), submit(''))}>
            <Icon name="close" size={13} />
          </button>
        )}
        {found && (
          <div class="menu" role="listbox" id="filter-suggestions" aria-label={t('suggestions')}>
            {found.suggestions.slice(0, 12).map((one, index) => (
              <div
                key={one.text + index}
                class="option mono"
                role="option"
                id={`suggestion-${index}`}
                aria-selected={index === active}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(index);
                }}
              >
                <span class="cut">{one.text}</span>
                <span class="hint">{one.count !== null && one.count !== undefined ? short(one.count) : (one.type ?? one.kind)}</span>
              </div>
            ))}
          </div>
        )}
      </div>
      {mistakes.map((one, index) => (
        <div key={index} class="mistake" role="alert">
          {one.message}
          {one.hint && <span class="faint"> · {one.hint}</span>}
        </div>
      ))}
    </div>
  );
}
