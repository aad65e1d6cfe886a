// The left half: names of spans as DOM rows, a treegrid for screen readers. Rows are used again: only as many exist as are in sight.
import { texts } from '../../base/i18n';
import { codeName } from '../../components/codename';
import { serviceName, spanName } from '../../model/trace';
import { ROW, type View } from './view';

const t = texts({
  error: ['error', '错误'],
  open: ['Show what is below', '展开'],
  close: ['Hide what is below', '收起'],
});

export interface NameRow {
  row: HTMLDivElement;
  toggle: HTMLButtonElement;
  stripe: HTMLElement;
  service: HTMLSpanElement;
  name: HTMLSpanElement;
  badge: HTMLSpanElement;
  /** Which row of which drawing it shows. */
  index: number;
  of: View | null;
  /** What was last written to it. */
  said: Map<string, string>;
}

/** Rows from `first` on, the first of them `shift` px below the ruler. A row keeps its element while it is in sight: scrolling by one fills one. */
export function placeNames(pool: NameRow[], parent: HTMLElement, first: number, shift: number, high: number, view: View): void {
  const needed = Math.min(Math.ceil(high / ROW) + 1, view.rows.span.length - first);
  while (pool.length < needed) pool.push(makeRow(parent));
  for (let offset = 0; offset < pool.length; offset++) {
    const index = offset < needed ? first + offset : -1;
    const row = pool[(first + offset) % pool.length]!;
    if (row.of !== view || row.index !== index) fillRow(row, index, view);
    [row.index, row.of] = [index, view];
    row.row.style.transform = `translateY(${shift + offset * ROW}px)`;
  }
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, className: string, parent: HTMLElement): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function makeRow(parent: HTMLElement): NameRow {
  const row = element('div', 'wf-row', parent);
  row.setAttribute('role', 'row');
  const cell = element('div', 'wf-cell', row);
  cell.setAttribute('role', 'gridcell');
  const toggle = element('button', 'wf-toggle', cell);
  toggle.tabIndex = -1;
  const stripe = element('i', 'wf-stripe', cell);
  const [service, name, badge] = (['wf-service', 'wf-name', 'wf-badge'] as const).map((each) => element('span', each, cell)) as [HTMLSpanElement, HTMLSpanElement, HTMLSpanElement];
  for (const each of [toggle, service, name, badge]) each.append('');
  return { row, toggle, stripe, service, name, badge, index: -1, of: null, said: new Map() };
}

const INDENT = 13;
const INDENT_LEVELS = 18;

/** Writes only what is new: most rows differ in two words, and each write is styled and laid out again. */
function fillRow({ row, toggle, stripe, service, name, badge, said }: NameRow, index: number, view: View): void {
  const put = (key: string, value: string, write: (value: string) => void) => {
    if (said.get(key) === value) return;
    said.set(key, value);
    write(value);
  };
  const text = (key: string, node: HTMLElement, value: string) => put(key, value, () => ((node.firstChild as Text).data = value));
  const attribute = (node: HTMLElement, key: string, value: string) => put(key, value, () => (value === '' ? node.removeAttribute(key) : node.setAttribute(key, value)));
  put('hidden', index < 0 ? 'yes' : '', (value) => (row.hidden = value !== ''));
  if (index < 0) return;
  const { model, rows, collapsed, marks } = view;
  const [at, fold] = [rows.span[index]!, rows.fold[index]!];
  const depth = model.depth[at]!;
  const failed = model.status[at] === 2;
  const parent = model.end[at]! > at + 1;
  const open = parent && !collapsed.has(at);
  put('class', `wf-row${view.selected >= at && view.selected < at + fold ? ' selected' : ''}${failed ? ' failed' : ''}`, (value) => (row.className = value));
  attribute(row, 'aria-rowindex', String(index + 1));
  attribute(row, 'aria-level', String(depth + 1));
  attribute(row, 'aria-selected', String(view.selected === at));
  attribute(row, 'aria-expanded', parent ? String(open) : '');
  put('indent', `${Math.min(depth, INDENT_LEVELS) * INDENT}px`, (value) => (toggle.style.marginInlineStart = value));
  text('arrow', toggle, parent || fold > 1 ? (open ? '▾' : '▸') : '');
  put('closed', !parent && fold === 1 ? 'yes' : '', (value) => (toggle.disabled = value !== ''));
  attribute(toggle, 'aria-label', open ? t('close') : t('open'));
  put('colour', `var(--s${view.colours[model.service[at]!] ?? 15})`, (value) => (stripe.style.background = value));
  const above = model.parent[at]!;
  // The name of the service stands where the request enters it.
  const enters = above < 0 || model.service[above] !== model.service[at];
  text('service', service, enters ? `${serviceName(model, at)} ` : '');
  text('name', name, spanName(model, at));
  const mark = marks.get(at);
  const left = model.collapsed.get(at);
  text('badge', badge, `${mark?.refused ? '⊘ ' : ''}${mark?.code ? codeName(mark.code) : ''}${fold > 1 ? ` ×${fold}` : ''}${left ? ` +${left}` : ''}`);
  put('bad', `wf-badge${failed || mark ? ' bad' : ''}`, (value) => (badge.className = value));
  attribute(badge, 'title', failed ? t('error') : '');
}

