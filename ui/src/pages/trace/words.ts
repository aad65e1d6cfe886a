// What one row says, for the picture and for those who do not see it.
import { codeName } from '../../components/codename';
import { serviceName, spanName } from '../../model/trace';
import type { View } from './view';

export interface Words {
  /** Place of its first span, and how many are folded into the row. */
  at: number;
  fold: number;
  depth: number;
  failed: boolean;
  /** Something is below it. */
  parent: boolean;
  open: boolean;
  selected: boolean;
  /** Only where the request enters the service. */
  service: string;
  name: string;
  badge: string;
  /** The badge tells of a failure. */
  bad: boolean;
}

export function wordsOf(view: View, index: number): Words {
  const { model, rows, collapsed, marks, selected } = view;
  const [at, fold] = [rows.span[index]!, rows.fold[index]!];
  const above = model.parent[at]!;
  const failed = model.status[at] === 2;
  const parent = model.end[at]! > at + 1;
  const mark = marks.get(at);
  const left = model.collapsed.get(at);
  return {
    at,
    fold,
    depth: model.depth[at]!,
    failed,
    parent,
    open: parent && !collapsed.has(at),
    selected: selected >= at && selected < at + fold,
    service: above < 0 || model.service[above] !== model.service[at] ? serviceName(model, at) : '',
    name: spanName(model, at),
    badge: `${mark?.refused ? '⊘ ' : ''}${mark?.code ? codeName(mark.code) : ''}${fold > 1 ? ` ×${fold}` : ''}${left ? ` +${left}` : ''}`.trim(),
    bad: failed || mark !== undefined,
  };
}
