// The conditions of a search as things to take away.
import { texts } from '../base/i18n';
import { conditions, without } from '../model/search';
import { Icon } from './icons';

const t = texts({ remove: ['Remove {part}', '移除 {part}'] });

export function Chips({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const parts = conditions(q);
  if (parts.length < 2) return null;
  return (
    <div class="row tight">
      {parts.map((part) => (
        <span key={part} class="chip mono">
          <span class="cut">{part}</span>
          <button aria-label={t('remove', { part })} onClick={() => onChange(without(q, part))}>
            <Icon name="close" size={11} />
          </button>
        </span>
      ))}
    </div>
  );
}
