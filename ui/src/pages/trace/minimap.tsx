// The whole trace at a glance. Drag chooses what the waterfall shows; a double click shows all again.
import { useRef, useState } from 'preact/hooks';
import { colour, useCanvas } from '../../base/canvas';
import { texts } from '../../base/i18n';
import type { TraceModel } from '../../model/trace';

const t = texts({ label: ['The whole trace: drag to zoom, double click for all of it', '链路缩略图：拖动放大，双击还原'] });

const HEIGHT = 44;

export function Minimap(props: { model: TraceModel; colours: readonly number[]; window: [number, number]; onChange: (window: [number, number]) => void }) {
  const { model, colours } = props;
  const from = useRef<number | null>(null);
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const picture = useRef<{ key: string; image: HTMLCanvasElement } | null>(null);
  const canvas = useCanvas(({ context, width, height }) => {
    const key = `${model.traceId} ${model.n} ${width} ${colour('--bg')}`;
    if (picture.current?.key !== key) picture.current = { key, image: draw(model, colours, width, height) };
    context.drawImage(picture.current.image, 0, 0, width, height);
    const scale = width / model.durationUs;
    const [a, b] = drag ?? [props.window[0] * scale, props.window[1] * scale];
    if (a > 1 || b < width - 1) {
      context.fillStyle = colour('--bg');
      context.globalAlpha = 0.72;
      context.fillRect(0, 0, Math.min(a, b), height);
      context.fillRect(Math.max(a, b), 0, width, height);
      context.globalAlpha = 1;
      context.fillStyle = colour('--accent');
      context.fillRect(Math.min(a, b), 0, 1.5, height);
      context.fillRect(Math.max(a, b) - 1.5, 0, 1.5, height);
    }
  });
  const x = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return [Math.min(box.width, Math.max(0, event.clientX - box.left)), box.width] as const;
  };
  return (
    <canvas
      ref={canvas}
      class="minimap"
      role="img"
      aria-label={t('label')}
      title={t('label')}
      style={{ height: `${HEIGHT}px` }}
      onPointerDown={(event) => {
        from.current = x(event)[0];
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => from.current !== null && setDrag([from.current, x(event)[0]])}
      onPointerUp={(event) => {
        const [to, width] = x(event);
        if (from.current !== null && Math.abs(to - from.current) > 4) {
          const us = [from.current, to].map((one) => (one / width) * model.durationUs).sort((a, b) => a - b);
          props.onChange([us[0]!, us[1]!]);
        }
        from.current = null;
        setDrag(null);
      }}
      onDblClick={() => props.onChange([0, model.durationUs])}
    />
  );
}

/** Once per trace and size, then only copied. Pixels are set one by one: fifty thousand rectangles take a canvas fifteen times as long. */
function draw(model: TraceModel, colours: readonly number[], width: number, height: number): HTMLCanvasElement {
  const image = document.createElement('canvas');
  image.width = Math.max(1, Math.round(width * 2));
  image.height = Math.round(height * 2);
  const context = image.getContext('2d')!;
  const inks = new Uint32Array([...colours.map((number) => `--s${number}`), '--s15', '--open'].map((name) => pixel(context, colour(name))));
  const [other, bad] = [inks[colours.length]!, inks[colours.length + 1]!];
  const raster = context.createImageData(image.width, image.height);
  const pixels = new Uint32Array(raster.data.buffer);
  const [wide, high] = [image.width, image.height - 8];
  const line = Math.max(1, Math.min(8, Math.floor(high / model.n)));
  const step = high / Math.max(model.n, high / 8);
  const scale = wide / model.durationUs;
  for (let at = 0; at < model.n; at++) {
    const ink = model.status[at] === 2 ? bad : model.service[at]! < 0 ? other : inks[model.service[at]!]!;
    const from = Math.max(0, Math.floor(model.start[at]! * scale));
    const to = Math.min(wide, Math.max(from + 2, Math.ceil((model.start[at]! + model.duration[at]!) * scale)));
    const top = 4 + Math.floor(step * at);
    for (let y = top; y < top + line; y++) pixels.fill(ink, y * wide + from, y * wide + to);
  }
  context.putImageData(raster, 0, 0);
  return image;
}

/** A colour as the canvas keeps it in memory. */
function pixel(context: CanvasRenderingContext2D, ink: string): number {
  context.fillStyle = ink;
  context.fillRect(0, 0, 1, 1);
  const { data } = context.getImageData(0, 0, 1, 1);
  return new Uint32Array(data.buffer)[0]!;
}
