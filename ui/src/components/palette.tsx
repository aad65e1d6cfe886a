// Ctrl-K: type a page, a trace id, a code, a breaker, a service.
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, type Query } from '../base/api';
import { texts } from '../base/i18n';
import type { ValuesAnswer } from '../base/schema';
import { BASE, go, link, place } from '../base/url';
import { guarded, titleOf, type BreakersAnswer } from '../model/breakers';
import type { CodesAnswer } from '../model/errors';
import { looksLikeCode, rank, traceId, type Destination } from '../model/palette';
import { rangeQuery, readRange } from '../model/range';
import { codeName } from './codename';
import { Modal } from './parts';
import { STOPS, pageName } from './sitemap';

const t = texts({
  title: ['Go to', '跳转'],
  placeholder: ['A page, trace id, error code, breaker, service…', '页面、Trace ID、错误码、熔断器、服务……'],
  open_trace: ['Open trace', '打开链路'],
  traces_with: ['Traces with {text}', '包含 {text} 的链路'],
  logs_with: ['Logs with {text}', '包含 {text} 的日志'],
  code: ['Error code {text}', '错误码 {text}'],
  page: ['page', '页面'],
  service: ['service', '服务'],
  breaker: ['breaker', '熔断器'],
  error_code: ['error code', '错误码'],
  nothing: ['Nothing of that name. Enter searches the traces for it.', '没有匹配项。按回车在链路中搜索。'],
});

export const paletteOpen = signal(false);

export function Palette() {
  return paletteOpen.value ? <Opened /> : null;
}

function pages(): Destination[] {
  return STOPS.map((stop) => ({ kind: 'page', title: pageName(stop.name), hint: `g ${stop.key}`, to: stop.to }));
}

/** What the text itself says. */
function direct(text: string): Destination[] {
  const typed = text.trim();
  if (!typed) return [];
  const id = traceId(typed);
  if (id) return [{ kind: 'trace', title: `${t('open_trace')} ${id}`, to: `/traces/${id}` }];
  const found: Destination[] = [];
  if (looksLikeCode(typed)) found.push({ kind: 'code', title: t('code', { text: typed }), to: link('/errors', { code: typed }).slice(BASE.length) });
  return found;
}

function searches(text: string): Destination[] {
  const typed = text.trim();
  if (!typed || traceId(typed)) return [];
  const q = /[:"]/.test(typed) ? typed : `"${typed.replaceAll('"', '\\"')}"`;
  return [
    { kind: 'search', title: t('traces_with', { text: typed }), to: link('/traces', { q }).slice(BASE.length) },
    { kind: 'search', title: t('logs_with', { text: typed }), to: link('/logs', { q }).slice(BASE.length) },
  ];
}

function Opened() {
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const [named, setNamed] = useState<Destination[]>([]);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const abort = new AbortController();
    const add = <T,>(route: string, query: Query, destinations: (answer: T) => Destination[]) =>
      get<T>(route, query, abort.signal)
        .then((answer) => setNamed((before) => [...before, ...destinations(answer)]))
        .catch(() => undefined);
    void add<ValuesAnswer>('spans/fields/service/values', { range: '24h', limit: 200 }, ({ values }) => values.map(({ value }) => ({ kind: 'service', title: value, hint: t('service'), to: link(`/services/${encodeURIComponent(value)}`).slice(BASE.length) })));
    // Of the time that is looked at: older ones are found by their page.
    const range = rangeQuery(readRange(place.value.params));
    void add<BreakersAnswer>('breakers', range, ({ breakers }) => breakers.map((row) => ({ kind: 'breaker', title: titleOf(row) + (row.name === guarded(row) ? '' : ` ${row.name.replace(/^op:/, '')}`), hint: t('breaker'), to: link('/breakers', { breaker: row.id }).slice(BASE.length) })));
    void add<CodesAnswer>('errors/codes', { ...range, limit: 200 }, ({ codes }) => codes.filter((row) => row.code && !row.code.startsWith('msg:')).map((row) => ({ kind: 'code', title: [codeName(row.code), row.title || row.reason].filter(Boolean).join(' '), hint: t('error_code'), to: link('/errors', { code: row.code }).slice(BASE.length) })));
    return () => abort.abort();
  }, []);
  const options = useMemo(() => {
    const all = [...direct(text), ...rank(text, [...pages(), ...named], 12), ...searches(text)];
    return all.filter((one, index) => all.findIndex((other) => other.to === one.to) === index);
  }, [text, named]);
  const open = (destination: Destination | undefined) => {
    if (!destination) return;
    paletteOpen.value = false;
    if (destination.to) go(destination.to);
    else destination.run?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const next = (active + (event.key === 'ArrowDown' ? 1 : -1) + options.length) % Math.max(1, options.length);
      setActive(next);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(options[active]);
    }
  };
  return (
    <Modal label={t('title')} class="palette" onClose={() => (paletteOpen.value = false)}>
      <input
        class="input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-options"
        aria-activedescendant={`palette-${active}`}
        aria-label={t('title')}
        placeholder={t('placeholder')}
        value={text}
        spellcheck={false}
        autocomplete="off"
        // biome-ignore lint: a dialog that is opened to type into
        autofocus
        onInput={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="options" role="listbox" id="palette-options" aria-label={t('title')} ref={list}>
        {options.map((one, index) => (
          <div key={`${one.kind} ${one.to}`} id={`palette-${index}`} class="option" role="option" aria-selected={index === active} onPointerMove={() => setActive(index)} onClick={() => open(one)}>
            <span class="cut">{one.title}</span>
            {one.hint && <span class="hint">{one.kind === 'page' ? <kbd>{one.hint}</kbd> : one.hint}</span>}
          </div>
        ))}
        {options.length === 0 && <p class="state">{t('nothing')}</p>}
      </div>
    </Modal>
  );
}

