// Codes by their parts: a click on a part shows only what is below it.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { percent } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { codeName } from '../../components/codename';
import { Loaded } from '../../components/states';
import { colourOfOne } from '../../base/colours';
import { icicle, type TreeNode } from '../../model/errors';

const t = texts({
  label: ['Codes by their parts', '错误码构成'],
  all: ['All codes', '全部错误码'],
  none: ['No codes', '没有错误码'],
});

/** px; it takes what its panel has. */
const HEIGHT_MIN = 260;

export function Icicle(props: { answer: ReturnType<typeof useGet<{ count: number; children: TreeNode[] }>>; path: string[]; onPath: (path: string[]) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const [high, setHigh] = useState(HEIGHT_MIN);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setHigh(Math.max(HEIGHT_MIN, (box.current?.clientHeight ?? 0) - (props.path.length ? 40 : 0))));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, [props.path.length > 0]);
  return (
    <div ref={box} style={{ height: '100%' }}>
      <Loaded answer={props.answer} route="errors/tree">
      {(data) => {
        const boxes = icicle(data.children, data.count, 0.012);
        const deepest = Math.max(1, ...boxes.map((box) => box.depth + 1));
        if (boxes.length === 0) return <p class="state">{t('none')}</p>;
        const chosen = props.path.join('\n');
        return (
          <div>
            <div class="icicle" role="group" aria-label={t('label')} style={{ height: `${high}px` }}>
              {boxes.map((box) => {
                const own = box.path.join('\n');
                const within = !chosen || own.startsWith(chosen) || chosen.startsWith(own);
                return (
                  <button
                    key={own}
                    aria-pressed={own === chosen}
                    class={within ? '' : 'out'}
                    title={`${box.path.join(' › ')} ${box.node.title ?? ''} ${percent(box.share)}`}
                    style={{
                      top: `${box.from * 100}%`,
                      height: `calc(${box.share * 100}% - 1px)`,
                      left: `${(box.depth / deepest) * 100}%`,
                      width: `calc(${100 / deepest}% - 1px)`,
                      '--tone': `var(--s${colourOfOne(box.path[0]!)})`,
                    }}
                    onClick={() => props.onPath(own === chosen ? box.path.slice(0, -1) : box.path)}
                  >
                    {box.share * high > 15 && (
                      <>
                        <span class="cut mono">{codeName(box.node.name)}</span>
                        {box.share * high > 32 && <span class="cut small">{box.node.title || percent(box.share)}</span>}
                      </>
                    )}
                  </button>
                );
              })}
            </div>
            {props.path.length > 0 && (
              <button class="btn small" style={{ marginTop: '8px' }} onClick={() => props.onPath([])}>
                {t('all')}
              </button>
            )}
          </div>
        );
      }}
      </Loaded>
    </div>
  );
}
