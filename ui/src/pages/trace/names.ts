// The left half of the picture: whom each row is of. Words on a canvas cost a tenth of words in the document, which is what a frame has.
import { FAMILY, colour } from '../../base/canvas';
import { ROW, RULER, type View } from './view';
import { wordsOf } from './words';

const INDENT = 13;
const INDENT_LEVELS = 18;
const TOGGLE = 16;
const NAME = `13px ${FAMILY}`;
const STRONG = `600 13px ${FAMILY}`;
const MONO = '11px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Where the sign that opens and closes a row stands, px from the left. */
export function toggleAt(depth: number): [number, number] {
  const left = 4 + Math.min(depth, INDENT_LEVELS) * INDENT;
  return [left, left + TOGGLE];
}

export function drawNames(context: CanvasRenderingContext2D, width: number, height: number, first: number, shift: number, view: View, hover: number): void {
  const [strong, soft, faint, error, selectedFill, hoverFill, line] = ['--text', '--text-soft', '--text-faint', '--error', '--selected', '--hover', '--line'].map(colour) as [string, string, string, string, string, string, string];
  const { model, rows } = view;
  const count = Math.min(rows.span.length, first + Math.ceil((height - RULER) / ROW) + 1);
  context.save();
  context.beginPath();
  context.rect(0, RULER, width, height - RULER);
  context.clip();
  context.textBaseline = 'middle';
  for (let index = first; index < count; index++) {
    const row = wordsOf(view, index);
    const y = RULER + shift + (index - first) * ROW;
    const middle = y + ROW / 2 + 0.5;
    if (row.selected || index === hover) {
      context.fillStyle = row.selected ? selectedFill : hoverFill;
      context.fillRect(0, y, width, ROW);
    }
    let [x, from] = toggleAt(row.depth);
    if (row.parent || row.fold > 1) {
      context.font = NAME;
      context.fillStyle = faint;
      context.fillText(row.open ? '▾' : '▸', x + 3, middle);
    }
    x = from + 5;
    context.fillStyle = colour(`--s${view.colours[model.service[row.at]!] ?? 15}`);
    context.fillRect(x, y + 5, 3, ROW - 10);
    x += 8;
    let right = width - 8;
    if (row.badge) {
      context.font = MONO;
      context.fillStyle = row.bad ? error : faint;
      right -= widthOf(context, row.badge);
      context.fillText(row.badge, right, middle);
      right -= 6;
    }
    if (row.service) {
      context.font = STRONG;
      context.fillStyle = strong;
      const text = cut(context, row.service, Math.min(width * 0.46, right - x));
      context.fillText(text, x, middle);
      x += widthOf(context, text) + 5;
    }
    context.font = NAME;
    context.fillStyle = row.failed ? error : soft;
    context.fillText(cut(context, row.name, right - x), x, middle);
  }
  context.restore();
  context.fillStyle = line;
  context.fillRect(width - 1, 0, 1, height);
}

/** px by font and text: a trace says the same few words over and over. */
const widths = new Map<string, number>();
const WIDTHS_MAX = 8000;

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const key = context.font + text;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > WIDTHS_MAX) widths.clear();
    width = context.measureText(text).width;
    widths.set(key, width);
  }
  return width;
}

/** As much of a text as there is room for. */
function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  const width = widthOf(context, text);
  if (width <= room) return text;
  if (room < 12) return '';
  let most = Math.floor((text.length * room) / width);
  while (most > 0 && widthOf(context, `${text.slice(0, most)}…`) > room) most--;
  return `${text.slice(0, most)}…`;
}
