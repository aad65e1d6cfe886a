// Error codes born in a service, its breakers, and those that others keep around it.
import { duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { nsToMs } from '../../base/time';
import { link } from '../../base/url';
import { codeName } from '../../components/codename';
import { Spark } from '../../components/bars';
import { stateName } from '../../components/breakerwords';
import { MiniLane } from '../../components/lane';
import { Panel } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Loaded } from '../../components/states';
import { GLYPHS, STATE_COLOURS, isActive, stateOf, type BreakersAnswer } from '../../model/breakers';
import type { CodesAnswer } from '../../model/errors';

const t = texts({
  codes: ['Error codes born here', '在此产生的错误码'],
  own: ['Its breakers, around calls it makes', '自身的熔断器（保护其发起的调用）'],
  around: ['Breakers that others keep around it', '其他服务对其设置的熔断器'],
  none: ['None in this time', '该时间范围内没有'],
  trips: ['{n} trip|{n} trips', '熔断 {n} 次'],
});

export function Guards({ service }: { service: string }) {
  const range = useRangeQuery();
  const codes = useGet<CodesAnswer>('errors/codes', { service, limit: 12, ...range });
  const own = useGet<BreakersAnswer>('breakers', { service, limit: 50, ...range });
  const around = useGet<BreakersAnswer>('breakers', { target: service, limit: 50, ...range });
  return (
    <div class="grid two">
      <Panel title={t('codes')}>
        <Loaded answer={codes} route="errors/codes" rows={4}>
          {(data) => (
            <>
              {data.codes.map((code) => (
                <a class="row exemplar" key={code.code} href={link('/errors', { code: code.code })}>
                  <span class="mono strong nowrap" title={code.code}>
                    {codeName(code.code || (code.reason ?? ''))}
                  </span>
                  <span class="cut soft">{code.title || code.message}</span>
                  <span class="spring" />
                  <Spark values={code.trend} tone="--open" />
                  <b class="nowrap">{short(Math.round(code.count))}</b>
                </a>
              ))}
              {data.codes.length === 0 && <p class="faint">{t('none')}</p>}
            </>
          )}
        </Loaded>
      </Panel>
      <div class="grid" style={{ alignContent: 'start' }}>
        {([['own', own], ['around', around]] as const).map(([name, answer]) => (
          <Panel key={name} title={t(name)}>
            <Loaded answer={answer} route="breakers" rows={4}>
              {(data) => (
                <>
                  {data.breakers.map((row) => {
                    const state = stateOf(row.state);
                    return (
                      <a class="guard-row" key={row.id} href={link('/breakers', { breaker: row.id })}>
                        <span title={stateName(state)} style={{ color: `var(${isActive(state) ? STATE_COLOURS[state] : '--text-faint'})` }}>
                          {GLYPHS[state]}
                        </span>
                        <span class="cut">
                          {name === 'around' && <strong>{row.service} </strong>}
                          {name === 'own' && row.targets.length > 0 && <strong>› {row.targets.join(', ')} </strong>}
                          <span class="soft">{row.name}</span>
                        </span>
                        <MiniLane name={row.name} state={row.state} lane={row.lane} spanUs={(nsToMs(data.end_ns) - nsToMs(data.t0_ns)) * 1000} />
                        <span class="faint small nowrap">{row.trips > 0 ? `${t('trips', { n: row.trips })} · ${duration(row.open_ns)}` : ''}</span>
                      </a>
                    );
                  })}
                  {data.breakers.length === 0 && <p class="faint">{t('none')}</p>}
                </>
              )}
            </Loaded>
          </Panel>
        ))}
      </div>
    </div>
  );
}
