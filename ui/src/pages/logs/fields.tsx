// Which fields the lines have, and on opening one, its values.
import { useState } from 'preact/hooks';
import { count, percent } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { FieldsAnswer, ValuesAnswer } from '../../base/schema';
import { useRangeQuery } from '../../components/range';
import { Icon } from '../../components/icons';
import { Loaded } from '../../components/states';
import { and, condition } from '../../model/search';

const t = texts({
  title: ['Fields', '字段'],
  find: ['Find a field', '查找字段'],
  distinct: ['{n} value|{n} values', '{n} 个值'],
  exclude: ['Without {value}', '排除 {value}'],
  only: ['Only {value}', '仅 {value}'],
});

const HIDDEN = new Set(['body_type', 'flags', 'received_at', 'time', 'time_source', 'observed_time', 'severity_number', 'body', 'trace_id', 'span_id']);

export function Fields({ q, onQ }: { q: string; onQ: (q: string) => void }) {
  const [text, setText] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  const answer = useGet<FieldsAnswer>('logs/fields', { q, ...useRangeQuery() });
  return (
    <section class="panel fields" aria-label={t('title')}>
      <div class="head">
        <input class="input" style={{ width: '100%', height: '26px' }} aria-label={t('find')} placeholder={t('find')} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </div>
      <div class="body flush" tabIndex={0}>
        <Loaded answer={answer} route="logs/fields">
          {(data) => (
            <ul>
              {[{ name: 'severity', share: 1 }, ...data.fields]
                .filter((field) => !HIDDEN.has(field.name) && field.name.toLowerCase().includes(text.toLowerCase()))
                .map((field) => (
                  <li key={field.name}>
                    <button class="field-name" aria-expanded={open === field.name} onClick={() => setOpen(open === field.name ? null : field.name)}>
                      <Icon name={open === field.name ? 'down' : 'right'} size={11} />
                      <span class="cut">{field.name}</span>
                      <span class="faint">{percent(field.share)}</span>
                    </button>
                    {open === field.name && <Values field={field.name} q={q} onQ={onQ} />}
                  </li>
                ))}
            </ul>
          )}
        </Loaded>
      </div>
    </section>
  );
}

function Values({ field, q, onQ }: { field: string; q: string; onQ: (q: string) => void }) {
  const route = `logs/fields/${encodeURIComponent(field)}/values`;
  const answer = useGet<ValuesAnswer>(route, { q, limit: 12, ...useRangeQuery() });
  return (
    <Loaded answer={answer} route={route} rows={4}>
      {(data) => (
        <ul class="values">
          {data.values.map((one) => (
            <li key={one.value}>
              <button class="value cut" title={t('only', { value: one.value })} onClick={() => onQ(and(q, condition(field, one.value)))}>
                <i style={{ width: `${one.share * 100}%` }} />
                <span class="cut">{one.value}</span>
              </button>
              <span class="faint">{count(one.count)}</span>
              <button class="faint" aria-label={t('exclude', { value: one.value })} title={t('exclude', { value: one.value })} onClick={() => onQ(and(q, condition(field, one.value, true)))}>
                <Icon name="minus" size={12} />
              </button>
            </li>
          ))}
          {data.distinct > data.values.length && <li class="faint">{t('distinct', { n: data.distinct })}</li>}
        </ul>
      )}
    </Loaded>
  );
}
