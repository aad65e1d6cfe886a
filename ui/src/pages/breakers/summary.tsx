// How things stand, in one line: states now, trips, time open, calls refused; and what the fold noticed.
import { count, duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { setParams } from '../../base/url';
import { stateName } from '../../components/breakerwords';
import { Complete } from '../../components/complete';
import { GLYPHS, STATES, STATE_COLOURS, isActive, type BreakersAnswer } from '../../model/breakers';

const t = texts({
  trips_in: ['trips', '次熔断'],
  before: ['{n} before', '此前 {n} 次'],
  open_time: ['open, all together', '累计熔断时长'],
  refused: ['calls refused', '次调用被拒绝'],
  notices: ['{n} notice|{n} notices', '{n} 条提示'],
});

export function Summary({ data }: { data: BreakersAnswer }) {
  return (
    <>
      <div class="breaker-sum">
        <div class="now">
          {STATES.filter((state) => data.summary.states[state]).map((state) => (
            <button key={state} class="state-count" onClick={() => setParams({ state })}>
              <span style={{ color: `var(${STATE_COLOURS[state]})` }}>{GLYPHS[state]}</span>
              <b class={isActive(state) ? '' : 'soft'}>{data.summary.states[state]}</b> <span class="soft">{stateName(state)}</span>
            </button>
          ))}
        </div>
        <span class="spring" />
        <Complete of={data.completeness} end />
        <span>
          <b>{count(data.summary.trips)}</b> <span class="soft">{t('trips_in')}</span> <span class="faint">({t('before', { n: data.summary.trips_before })})</span>
        </span>
        <span>
          <b>{duration(data.summary.open_ns)}</b> <span class="soft">{t('open_time')}</span>
        </span>
        <span>
          <b class={data.summary.refused > 0 ? 'error-text' : ''}>{short(Math.round(data.summary.refused))}</b> <span class="soft">{t('refused')}</span>
        </span>
      </div>
      {data.notices.length > 0 && (
        <details class="strip">
          <summary>{t('notices', { n: data.notices.length })}</summary>
          <ul>
            {data.notices.map((notice, index) => (
              <li key={index}>
                {notice.service} {notice.name}: {notice.detail}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
