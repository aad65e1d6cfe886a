// Lines over time by uPlot, which is loaded with the first chart. Drag sets the time range; the crosshair is shared by all charts.
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { colour } from '../base/canvas';
import { shownTheme } from '../base/prefs';
import { short } from '../base/format';
import { axisLabel, dayClock } from '../base/time';
import { setWindow } from './range';
import { tipPlace } from './bars';

export interface Line {
  name: string;
  colour: string;
  values: readonly (number | null)[];
  dash?: boolean;
  fill?: boolean;
}

export interface Band {
  colour: string;
  low: readonly (number | null)[];
  high: readonly (number | null)[];
}

export interface LinesProps {
  label: string;
  /** ms since 1970 */
  times: readonly number[];
  lines: readonly Line[];
  bands?: readonly Band[];
  height?: number;
  unit?: (value: number) => string;
  marks?: readonly { at: number; colour: string; label: string }[];
  range?: [number, number];
}

export function LineChart(props: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [hover, setHover] = useState<{ index: number; share: number } | null>(null);
  const height = props.height ?? 180;
  const shown = shownTheme.value;
  const latest = useRef(props);
  latest.current = props;
  const shape = JSON.stringify([props.lines.map((line) => [line.name, line.colour, line.dash, line.fill]), props.bands?.length, shown, height]);
  const data = () => {
    const { times, lines, bands = [] } = latest.current;
    return [times.map((ms) => ms / 1000), ...lines.map((line) => line.values), ...bands.flatMap((band) => [band.high, band.low])] as unknown as uPlot.AlignedData;
  };
  useEffect(() => {
    let dead = false;
    let resize: ResizeObserver | undefined;
    void import('./uplot').then(({ UPlot }) => {
      if (dead || !box.current) return;
      const unit = (value: number) => (latest.current.unit ?? short)(value);
      const { lines, bands = [] } = latest.current;
      const options: uPlot.Options = {
        width: box.current.clientWidth,
        height,
        padding: [8, 8, 0, 0],
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 5 }, sync: { key: 'page' } },
        legend: { show: false },
        scales: { x: { time: true, ...(latest.current.range ? { range: () => latest.current.range!.map((ms) => ms / 1000) as [number, number] } : {}) }, y: { range: (_u, min, max) => [Math.min(0, min), max <= 0 ? 1 : max * 1.08] } },
        axes: [
          {
            stroke: colour('--text-faint'),
            grid: { show: false },
            ticks: { show: false },
            size: 24,
            gap: 4,
            font: '11px system-ui',
            space: 90,
            values: (u, splits) => splits.map((at) => axisLabel(at * 1000, ((u.scales.x!.max ?? 0) - (u.scales.x!.min ?? 0)) * 1000)),
          },
          { stroke: colour('--text-faint'), grid: { stroke: colour('--grid'), width: 1 }, ticks: { show: false }, size: 58, gap: 4, font: '11px system-ui', space: 36, values: (_u, splits) => splits.map(unit) },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            label: line.name,
            stroke: colour(line.colour),
            width: 1.5,
            spanGaps: false,
            points: { show: line.values.filter((value) => value !== null).length < 3 },
            ...(line.dash ? { dash: [5, 4] } : {}),
            ...(line.fill ? { fill: `${colour(line.colour)}1f` } : {}),
          })),
          ...bands.flatMap((band) => [0, 1].map(() => ({ stroke: `${colour(band.colour)}00`, width: 0, points: { show: false } }))),
        ],
        bands: bands.map((band, index) => ({ series: [1 + lines.length + 2 * index, 2 + lines.length + 2 * index] as [number, number], fill: `${colour(band.colour)}24` })),
        hooks: {
          setCursor: [
            (u) => {
              const index = u.cursor.idx;
              setHover(index === null || index === undefined || u.cursor.left! < 0 ? null : { index, share: (u.cursor.left! + 58) / (u.width || 1) });
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width < 4) return;
              setWindow(u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000);
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          draw: [
            (u) => {
              for (const mark of latest.current.marks ?? []) {
                const x = Math.round(u.valToPos(mark.at / 1000, 'x', true));
                if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
                u.ctx.fillStyle = colour(mark.colour);
                u.ctx.fillRect(x, u.bbox.top, 1, u.bbox.height);
              }
            },
          ],
        },
      };
      plot.current = new UPlot(options, data(), box.current);
      resize = new ResizeObserver(() => box.current && plot.current?.setSize({ width: box.current.clientWidth, height }));
      resize.observe(box.current);
    });
    return () => {
      dead = true;
      resize?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data()), [props.times, props.lines, props.bands]);
  const unit = props.unit ?? short;
  return (
    <div class="chart" style={{ height: `${height}px` }} role="img" aria-label={props.label}>
      <div ref={box} style={{ width: '100%' }} />
      {hover && props.times[hover.index] !== undefined && (
        <div class="tip" style={tipPlace(hover.share)}>
          <div class="faint">{dayClock(props.times[hover.index]!)}</div>
          {props.lines
            .filter((line) => line.values[hover.index] !== null && line.values[hover.index] !== undefined)
            .sort((a, b) => b.values[hover.index]! - a.values[hover.index]!)
            .slice(0, 10)
            .map((line) => (
              <div class="line" key={line.name}>
                <span class="swatch" style={{ background: `var(${line.colour})` }} />
                <span class="cut">{line.name}</span>
                <b>{unit(line.values[hover.index]!)}</b>
              </div>
            ))}
        </div>
      )}
    </div>
  );
}
