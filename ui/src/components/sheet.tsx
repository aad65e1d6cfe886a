// `?`: every key that does something here.
import { signal } from '@preact/signals';
import { texts } from '../base/i18n';
import { groups } from '../base/keys';
import { IconButton, Modal } from './parts';

const t = texts({ title: ['Keyboard', '键盘快捷键'], close: ['Close', '关闭'] });

export const sheetOpen = signal(false);

export function Sheet() {
  if (!sheetOpen.value) return null;
  const merged = new Map<string, { keys: string; does: string }[]>();
  for (const group of groups.value) {
    const lines = merged.get(group.title()) ?? [];
    for (const one of group.bindings) if (!lines.some((line) => line.keys === one.keys)) lines.push({ keys: one.keys, does: one.does() });
    merged.set(group.title(), lines);
  }
  return (
    <Modal label={t('title')} onClose={() => (sheetOpen.value = false)}>
      <div class="sheet">
        <div class="row">
          <h1>{t('title')}</h1>
          <span class="spring" />
          <IconButton icon="close" label={t('close')} onClick={() => (sheetOpen.value = false)} />
        </div>
        <div class="columns">
          {[...merged].map(([title, lines]) => (
            <section key={title}>
              <h3>{title}</h3>
              <ul>
                {lines.map((line) => (
                  <li key={line.keys}>
                    <span>{line.does}</span>
                    <span class="nowrap">
                      {line.keys.split(' ').map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </div>
    </Modal>
  );
}
