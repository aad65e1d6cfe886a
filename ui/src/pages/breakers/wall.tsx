// For a screen on the wall: no frame, the worst first, large enough to read from a desk away. Escape leads back.
import { useEffect, useState } from 'preact/hooks';
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useKeys } from '../../base/keys';
import { clock, nsToMs, toMs } from '../../base/time';
import { setParams } from '../../base/url';
import { stateName } from '../../components/breakerwords';
import { Icon } from '../../components/icons';
import { MiniLane } from '../../components/lane';
import { Empty } from '../../components/states';
import { GLYPHS, STATES, inkOf, isActive, stateOf, subtitleOf, titleOf, type BreakersAnswer } from '../../model/breakers';

const t = texts({
  title: ['Breakers', '熔断器'],
  leave: ['Leave the wall', '退出大屏'],
  none: ['No breaker signals seen', '未发现熔断信号'],
  refused: ['refused', '次拒绝'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
  well: ['{n} more is closed and did not trip|{n} more are closed and did not trip', '另有 {n} 个处于关闭状态且未熔断'],
  age: ['as of {time}', '截至 {time}'],
});

export function Wall({ answer, at }: { answer: BreakersAnswer | undefined; at: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const leave = () => setParams({ wall: null });
  useKeys(() => t('title'), [{ keys: 'Escape', does: () => t('leave'), run: leave }], []);
  const all = answer?.breakers ?? [];
  const shown = all.filter((row) => row.trips > 0 || stateOf(row.state) !== 'closed').sort((a, b) => STATES.indexOf(stateOf(a.state)) - STATES.indexOf(stateOf(b.state)) || b.refused - a.refused);
  const spanUs = answer ? (nsToMs(answer.end_ns) - nsToMs(answer.t0_ns)) * 1000 : 1;
  return (
    <div class="wall-page">
      <div class="wall-head">
        <h1>{t('title')}</h1>
        {answer &&
          STATES.filter((state) => answer.summary.states[state]).map((state) => (
            <span key={state} class="wall-count" style={{ color: isActive(state) ? inkOf(state) : undefined }}>
              {GLYPHS[state]} <b>{answer.summary.states[state]}</b> {stateName(state)}
            </span>
          ))}
        <span class="spring" />
        <span class="faint">{at > 0 ? t('age', { time: clock(at, 0) }) : ''}</span>
        <strong class="mono">{clock(now, 0)}</strong>
        <button class="btn icon ghost" aria-label={t('leave')} title={t('leave')} onClick={leave}>
          <Icon name="close" />
        </button>
      </div>
      <div class="wall">
        {shown.map((row) => {
          const state = stateOf(row.state);
          return (
            <button key={row.id} class={`wall-tile ${state}`} onClick={() => setParams({ wall: null, breaker: row.id, trip: row.last_trip?.opened.time ?? null })}>
              <span class="wall-state" style={{ color: inkOf(state) }}>
                <span>
                  {GLYPHS[state]} {stateName(state)}
                </span>
                {isActive(state) && <span class="mono">{duration(Math.max(0, Math.round((now - toMs(row.state_since)) / 1000)) * 1e9)}</span>}
              </span>
              <strong class="cut wall-name">{titleOf(row)}</strong>
              <span class="cut soft">{subtitleOf(row)}</span>
              <MiniLane name={titleOf(row)} state={row.state} lane={row.lane} spanUs={spanUs} />
              <span class="soft">
                {t('trips', { n: row.trips })} · {duration(row.open_ns)} · <b class={row.refused > 0 ? 'error-text' : ''}>{short(Math.round(row.refused))}</b> {t('refused')}
                {isActive(state) && row.instances > 1 ? ` · ${percent(row.open_fraction)}` : ''}
              </span>
            </button>
          );
        })}
        {answer && all.length === 0 && <Empty title={t('none')} />}
      </div>
      {shown.length < all.length && <p class="faint">{t('well', { n: all.length - shown.length })}</p>}
    </div>
  );
}
