// Error codes: what the server counts, in the shapes that are drawn.
import type { Completeness } from '../base/schema';

export interface CodeRow {
  code: string;
  reason?: string;
  title: string;
  catalogued: boolean;
  class?: string;
  owner?: string;
  runbook?: string;
  message: string;
  solution?: string;
  count: number;
  rate_per_s: number;
  share: number;
  records: number;
  status: string;
  usual?: number;
  first_seen: string;
  last_seen: string;
  born: { service: string; count: number }[];
  reaches: string[];
  traces: number;
  rejections: number;
  http_status?: number;
  grpc_status?: string;
  layout: { reading: string; layouts: string[]; parts: Record<string, string>; names: Record<string, string> };
  trend: number[];
  exemplars: { oldest?: string; newest?: string; slowest?: string };
}

/** Codes of one shape that nobody wrote down. */
export interface Unknown {
  shape: string;
  forms: number;
  count: number;
  samples: { code: string; service: string; message: string; count: number }[];
  /** A rule to begin with, in TOML. */
  suggestion: string;
}

export interface CodesAnswer {
  codes: CodeRow[];
  codes_total: number;
  count: number;
  unknown: Unknown[];
  completeness: Completeness;
}

export interface TreeNode {
  name: string;
  title?: string;
  count: number;
  children?: TreeNode[];
}

export interface Chain {
  steps: { code: string; service: string }[];
  services: string[];
  count: number;
  traces: string[];
}

export interface Box {
  node: TreeNode;
  path: string[];
  depth: number;
  /** 0 to 1 of the whole. */
  from: number;
  share: number;
}

/** An icicle: each level a column, each node as high as its share. Slivers are left out, their column says so by its gap. */
export function icicle(children: readonly TreeNode[], total: number, smallest: number): Box[] {
  const boxes: Box[] = [];
  const place = (nodes: readonly TreeNode[], from: number, path: string[]) => {
    let at = from;
    for (const node of nodes) {
      const share = total > 0 ? node.count / total : 0;
      if (share >= smallest) {
        boxes.push({ node, path: [...path, node.name], depth: path.length, from: at, share });
        place(node.children ?? [], at, [...path, node.name]);
      }
      at += share;
    }
  };
  place(children, 0, []);
  return boxes;
}

/** The codes below a node of the tree. */
export function codesBelow(children: readonly TreeNode[], path: readonly string[]): Set<string> | null {
  if (path.length === 0) return null;
  let nodes = children;
  let found: TreeNode | undefined;
  for (const name of path) {
    found = nodes.find((node) => node.name === name);
    if (!found) return new Set();
    nodes = found.children ?? [];
  }
  const codes = new Set<string>();
  const walk = (node: TreeNode) => {
    if (!node.children?.length) codes.add(node.name);
    else node.children.forEach(walk);
  };
  if (found) walk(found);
  return codes;
}

/** `wanted` is a class, or one with `-` before it that is not wanted; `without` are codes that somebody left out. */
export function isWanted(row: Pick<CodeRow, 'code' | 'class'>, wanted: string, without: readonly string[]): boolean {
  if (without.includes(row.code)) return false;
  if (wanted === '') return true;
  return wanted.startsWith('-') ? row.class !== wanted.slice(1) : row.class === wanted;
}

/** The most frequent codes as series, all others as one. */
export function stack(codes: readonly CodeRow[], most: number): { name: string; counts: number[] }[] {
  const sorted = [...codes].sort((a, b) => b.count - a.count);
  const series = sorted.slice(0, most).map((code) => ({ name: code.code, counts: code.trend }));
  const rest = sorted.slice(most);
  if (rest.length) {
    const sum = rest[0]!.trend.map((_, index) => rest.reduce((total, code) => total + (code.trend[index] ?? 0), 0));
    series.push({ name: '', counts: sum });
  }
  return series;
}

/** How many times the usual; null when nobody knows what is usual. */
export function factor(row: CodeRow): number | null {
  return row.usual === undefined || row.usual <= 0 ? null : row.records / row.usual;
}

/** Fewer records than these say little about a rate. */
export const SURE_FROM = 30;

export type CatalogueFormat = 'proto' | 'java' | 'csv' | 'toml';

/** What the name of a file tells of its contents. */
export function formatOf(name: string): CatalogueFormat | null {
  const [, ending] = /\.(proto|java|csv|toml)$/i.exec(name) ?? [];
  return (ending?.toLowerCase() as CatalogueFormat | undefined) ?? null;
}
