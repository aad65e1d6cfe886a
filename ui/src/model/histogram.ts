// The server's histogram as bars: severities in their order and colours, other values by size.
import type { HistogramAnswer } from '../base/schema';
import { colourOf } from '../base/colours';
import type { Bars } from './bars';
import { SEVERITIES, SEVERITY_COLOURS, isSeverity } from './severity';

export function histogramBars(answer: HistogramAnswer, t0: number): Bars {
  const names = answer.series.map((series) => series.value ?? series.kind);
  const severities = names.length > 0 && names.every((name) => isSeverity(name) || name === 'absent' || name === 'other');
  const colours = colourOf(names);
  const series = answer.series.map((one, index) => {
    const name = names[index]!;
    const colour = severities && isSeverity(name) ? SEVERITY_COLOURS[name] : one.kind === 'value' ? `--s${colours.get(name)}` : one.kind === 'all' ? '--s0' : '--unknown';
    return { name, colour, counts: one.counts };
  });
  if (severities) series.sort((a, b) => SEVERITIES.indexOf(a.name as never) - SEVERITIES.indexOf(b.name as never));
  return { t0, widthMs: answer.width_ms, series };
}
