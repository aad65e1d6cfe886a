// Where lanes stand below each other, and which of them are in sight.
import type { Group, Row } from './breakers';

export const LANE = 38;
export const HEAD = 30;

export type Item = { kind: 'head'; y: number; high: number; group: Group } | { kind: 'row'; y: number; high: number; row: Row };

/** So many items are drawn together, and stay drawn while they are in sight. */
const CHUNK = 8;

export interface Chunk {
  y: number;
  high: number;
  items: Item[];
}

export interface Layout {
  chunks: Chunk[];
  height: number;
}

/** A group of one needs no head: its row says the same. */
export function layOut(groups: readonly Group[]): Layout {
  const items: Item[] = [];
  let y = 0;
  for (const group of groups) {
    if (group.rows.length > 1 && group.name !== '') {
      items.push({ kind: 'head', y, high: HEAD, group });
      y += HEAD;
    }
    for (const row of group.rows) {
      items.push({ kind: 'row', y, high: LANE, row });
      y += LANE;
    }
  }
  const chunks: Chunk[] = [];
  for (let at = 0; at < items.length; at += CHUNK) {
    const of = items.slice(at, at + CHUNK);
    const last = of.at(-1)!;
    chunks.push({ y: of[0]!.y, high: last.y + last.high - of[0]!.y, items: of });
  }
  return { chunks, height: y };
}

/** Those that touch `[from, to)`, in order. */
export function inSight({ chunks }: Layout, from: number, to: number): Chunk[] {
  return chunks.filter((chunk) => chunk.y + chunk.high > from && chunk.y < to);
}

export function itemOf({ chunks }: Layout, id: string): Extract<Item, { kind: 'row' }> | null {
  for (const chunk of chunks) for (const item of chunk.items) if (item.kind === 'row' && item.row.id === id) return item;
  return null;
}
