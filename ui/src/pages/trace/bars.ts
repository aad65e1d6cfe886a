// The right half of the picture: bars of spans, with the ruler above them.
import { FONT, colour } from '../../base/canvas';
import { duration } from '../../base/format';
import type { TraceModel } from '../../model/trace';
import { ROW, RULER, type View } from './view';

/** A duration on the ruler, with room beside it. */
const LABEL = 76;

export function drawBars(context: CanvasRenderingContext2D, width: number, height: number, first: number, shift: number, view: View, hover: number): void {
  const { model, rows, window: shown, critical, self, logs, marks } = view;
  const [from, to] = shown;
  const scale = (width - 56) / Math.max(1e-6, to - from);
  const x = (us: number) => 4 + (us - from) * scale;
  context.font = FONT;
  context.textBaseline = 'middle';
  // Ruler and grid.
  const lines = Math.min(5, Math.max(1, Math.floor(width / LABEL)));
  for (let line = 0; line <= lines; line++) {
    const us = from + ((to - from) / lines) * line;
    const at = Math.round(x(us));
    context.fillStyle = colour('--grid');
    context.fillRect(at, RULER, 1, height);
    context.fillStyle = colour('--text-faint');
    context.textAlign = line === 0 ? 'left' : 'center';
    context.fillText(duration(us * 1000), at, RULER / 2);
  }
  context.textAlign = 'left';
  context.fillStyle = colour('--line');
  context.fillRect(0, RULER - 1, width, 1);
  context.save();
  context.beginPath();
  context.rect(0, RULER, width, height - RULER);
  context.clip();
  const [selectedFill, hoverFill, faint, errorFill, criticalFill, surface] = ['--selected', '--hover', '--text-soft', '--open', '--critical', '--surface'].map(colour) as [string, string, string, string, string, string];
  const fills = view.colours.map((number) => colour(`--s${number}`));
  const grey = colour('--s15');
  const count = Math.min(rows.span.length, first + Math.ceil((height - RULER) / ROW) + 1);
  for (let index = first; index < count; index++) {
    const [at, fold] = [rows.span[index]!, rows.fold[index]!];
    const y = RULER + shift + (index - first) * ROW;
    const selected = view.selected >= at && view.selected < at + fold;
    if (selected || index === hover) {
      context.fillStyle = selected ? selectedFill : hoverFill;
      context.fillRect(0, y, width, ROW);
    }
    let right = 0;
    for (let each = at; each < at + fold; each++) {
      const left = x(model.start[each]!);
      const wide = Math.max(2, model.duration[each]! * scale);
      right = Math.max(right, left + wide);
      if (left > width || left + wide < 0) continue;
      const failed = model.status[each] === 2;
      context.fillStyle = failed ? errorFill : model.service[each]! < 0 ? grey : fills[model.service[each]!]!;
      round(context, left, y + 6, wide, ROW - 12);
      const own = self?.[each] ?? -1;
      // What its children took is paler than what it took itself.
      if (fold === 1 && own >= 0 && model.end[each]! > each + 1 && wide > 6) {
        context.fillStyle = surface;
        context.globalAlpha = 0.38;
        for (let child = each + 1; child < model.end[each]!; child = model.end[child]!) {
          const [a, b] = [Math.max(left, x(model.start[child]!)), Math.min(left + wide, x(model.start[child]! + model.duration[child]!))];
          if (b > a) context.fillRect(a, y + 6, b - a, ROW - 12);
          if (model.end[each]! - each > 4000) break;
        }
        context.globalAlpha = 1;
      }
      const segments = critical?.get(each);
      if (segments) {
        context.fillStyle = criticalFill;
        for (let part = 0; part < segments.length; part += 2) context.fillRect(x(segments[part]!), y + ROW - 5, Math.max(1, (segments[part + 1]! - segments[part]!) * scale), 2);
      }
      const mark = marks.get(each);
      if (mark?.refused) gate(context, left - 9, y + ROW / 2, errorFill);
      for (const log of logs.get(each) ?? []) {
        context.fillStyle = log.bad ? errorFill : faint;
        context.beginPath();
        context.arc(x(log.us), y + ROW / 2, 2, 0, 7);
        context.fill();
      }
    }
    context.fillStyle = faint;
    const label = fold > 1 ? `${fold} × ${duration(averageOf(model, at, fold) * 1000)}` : duration(model.duration[at]! * 1000);
    const wide = context.measureText(label).width;
    const place = right + 6 + wide < width ? right + 6 : Math.max(4, x(model.start[at]!) - wide - 6);
    if (place < width && right > -100) context.fillText(label, Math.max(4, place), y + ROW / 2 + 0.5);
  }
  context.restore();
}

function averageOf(model: TraceModel, at: number, fold: number): number {
  let sum = 0;
  for (let each = at; each < at + fold; each++) sum += model.duration[each]!;
  return sum / fold;
}

function round(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number): void {
  if (width < 5) {
    context.fillRect(x, y, width, height);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width, height, 2.5);
  context.fill();
}

/** An open switch: the call was refused. */
function gate(context: CanvasRenderingContext2D, x: number, y: number, ink: string): void {
  context.strokeStyle = ink;
  context.lineWidth = 1.6;
  context.beginPath();
  context.arc(x, y, 3.6, 0, 7);
  context.moveTo(x - 2.4, y + 2.4);
  context.lineTo(x + 2.4, y - 2.4);
  context.stroke();
}
