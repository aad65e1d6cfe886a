// Some lanes below each other: rows of DOM, so that everything can be reached without a mouse, and one canvas under them. It is made anew
// when what it shows changes, not when its parent is.
import { useMemo } from 'preact/hooks';
import { FONT, colour, useCanvas } from '../../base/canvas';
import { texts } from '../../base/i18n';
import { language, zone } from '../../base/prefs';
import { ticks, toMs } from '../../base/time';
import { drawLane } from '../../components/lane';
import { GLYPHS, STATE_COLOURS, segments, type Row } from '../../model/breakers';
import type { Chunk } from '../../model/lanes';
import { LaneRow } from './lanerow';

const t = texts({
  any: ['any target', '未知目标'],
});

export function LaneChunk({ chunk, t0, spanUs, selected, trip, onChoose }: { chunk: Chunk; t0: number; spanUs: number; selected: string; trip: string; onChoose: (event: MouseEvent, row: Row) => void }) {
  const shows = [chunk, t0, spanUs, selected, trip, zone.value];
  const canvas = useCanvas(({ context, width, height }) => {
    context.font = FONT;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    const x = (ms: number) => Math.round((((ms - t0) * 1000) / spanUs) * width);
    context.fillStyle = colour('--grid');
    for (const at of ticks(t0, t0 + spanUs / 1000, width / 110)) context.fillRect(x(at), 0, 1, height);
    for (const item of chunk.items) {
      if (item.kind === 'head') continue;
      const y = item.y - chunk.y;
      drawLane(context, segments(item.row.lane, spanUs), spanUs, y + item.high / 2, width);
      if (selected !== item.row.id || !trip) continue;
      context.fillStyle = colour('--accent');
      context.fillRect(x(toMs(trip)) - 1, y + 2, 2, item.high - 4);
    }
  }, shows);
  return useMemo(
    () => (
      <div class="lane-chunk" role="presentation" style={{ top: `${chunk.y}px`, height: `${chunk.high}px` }}>
        <canvas ref={canvas} class="lanes-canvas" aria-hidden="true" />
        {chunk.items.map((item) =>
          item.kind === 'head' ? (
            <div key={`head ${item.group.name}`} class="lane-group" style={{ height: `${item.high}px` }}>
              <span style={{ color: `var(${STATE_COLOURS[item.group.worst]})` }}>{GLYPHS[item.group.worst]}</span>
              <strong>{item.group.name || t('any')}</strong>
              <span class="faint">{item.group.rows.length}</span>
            </div>
          ) : (
            <LaneRow key={item.row.id} row={item.row} selected={item.row.id === selected} onChoose={onChoose} />
          ),
        )}
      </div>
    ),
    [...shows, language.value],
  );
}
