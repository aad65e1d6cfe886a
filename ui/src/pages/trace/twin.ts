// The rows as a treegrid, for screen readers and for whoever points: the picture lies under it, and it is not seen itself. Rows are used
// again: only as many exist as are in sight.
import { texts } from '../../base/i18n';
import { ROW, type View } from './view';
import { wordsOf } from './words';

const t = texts({
  error: ['error', '错误'],
  open: ['Show what is below', '展开'],
  close: ['Hide what is below', '收起'],
});

export interface TwinRow {
  row: HTMLDivElement;
  toggle: HTMLButtonElement;
  service: HTMLSpanElement;
  name: HTMLSpanElement;
  badge: HTMLSpanElement;
  /** Which row of which drawing it shows. */
  index: number;
  of: View | null;
}

/** Rows from `first` on, the first of them `shift` px below the ruler. A row keeps its element while it is in sight. */
export function placeTwin(pool: TwinRow[], parent: HTMLElement, first: number, shift: number, high: number, view: View): void {
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

function makeRow(parent: HTMLElement): TwinRow {
  const row = element('div', 'wf-row', parent);
  row.setAttribute('role', 'row');
  const cell = element('div', 'wf-cell', row);
  cell.setAttribute('role', 'gridcell');
  const toggle = element('button', 'wf-toggle', cell);
  toggle.tabIndex = -1;
  const [service, name, badge] = (['wf-service', 'wf-name', 'wf-badge'] as const).map((each) => element('span', each, cell)) as [HTMLSpanElement, HTMLSpanElement, HTMLSpanElement];
  return { row, toggle, service, name, badge, index: -1, of: null };
}

function fillRow({ row, toggle, service, name, badge }: TwinRow, index: number, view: View): void {
  row.hidden = index < 0;
  if (index < 0) return;
  const words = wordsOf(view, index);
  row.dataset.index = String(index);
  row.classList.toggle('selected', words.selected);
  row.setAttribute('aria-rowindex', String(index + 1));
  row.setAttribute('aria-level', String(words.depth + 1));
  row.setAttribute('aria-selected', String(words.selected));
  if (words.parent) row.setAttribute('aria-expanded', String(words.open));
  else row.removeAttribute('aria-expanded');
  toggle.disabled = !words.parent && words.fold === 1;
  toggle.setAttribute('aria-label', words.open ? t('close') : t('open'));
  service.textContent = words.service && `${words.service} `;
  name.textContent = words.name;
  badge.textContent = [words.badge, words.failed ? t('error') : ''].filter(Boolean).join(' ');
}
