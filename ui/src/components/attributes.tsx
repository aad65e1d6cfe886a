// Attributes with their types kept, and what one does with a value: filter, exclude, copy.
import { texts } from '../base/i18n';
import { link, param } from '../base/url';
import { and, condition } from '../model/search';
import { Icon } from './icons';
import { copy } from './parts';

const t = texts({
  filter: ['Only with this value', '仅此值'],
  exclude: ['Without this value', '排除此值'],
  copy: ['Copy', '复制'],
});

export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function tone(value: unknown): string {
  return typeof value === 'number' ? 'v-number' : typeof value === 'boolean' ? 'v-boolean' : typeof value === 'string' ? '' : 'v-json';
}

export function Attributes(props: { of: object; searchIn?: '/traces' | '/logs'; none: string; keep?: boolean; fieldOf?: (key: string) => string }) {
  const entries = Object.entries(props.of);
  if (entries.length === 0) return <p class="faint">{props.none}</p>;
  return (
    <dl class="attributes">
      {entries.map(([key, value]) => {
        const text = valueText(value);
        const field = props.fieldOf?.(key) ?? key;
        const plain = typeof value !== 'object' && text.length < 300;
        const q = props.keep ? param('q') : '';
        return (
          <div key={key}>
            <dt>{key}</dt>
            <dd class={tone(value)}>
              <span>{text}</span>
              <span class="acts">
                {plain && props.searchIn && (
                  <>
                    <a href={link(props.searchIn, { q: and(q, condition(field, text)) })} aria-label={`${t('filter')}: ${key}`} title={t('filter')}>
                      <Icon name="plus" size={13} />
                    </a>
                    <a href={link(props.searchIn, { q: and(q, condition(field, text, true)) })} aria-label={`${t('exclude')}: ${key}`} title={t('exclude')}>
                      <Icon name="minus" size={13} />
                    </a>
                  </>
                )}
                <button aria-label={`${t('copy')}: ${key}`} title={t('copy')} onClick={() => void copy(text)}>
                  <Icon name="copy" size={13} />
                </button>
              </span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
