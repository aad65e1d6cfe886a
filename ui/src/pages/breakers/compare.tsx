// Two trips of a breaker side by side: the same trouble again, or another?
import type { ComponentChildren } from 'preact';
import { duration, percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, toMs } from '../../base/time';
import { link, setParams } from '../../base/url';
import { causeName, levelName } from '../../components/breakerwords';
import { codeName } from '../../components/codename';
import { Drawer, Select } from '../../components/parts';
import { useRangeQuery } from '../../components/range';
import { Empty, Loaded } from '../../components/states';
import { level, titleOf, type BreakerAnswer, type Trip, type TripAnswer } from '../../model/breakers';
import { beside, codePairs, likeness, tripAt } from '../../model/trips';
import { TripStrip } from './strip';

const t = texts({
  title: ['Two trips', '两次熔断对比'],
  back: ['Back to the trip', '返回熔断详情'],
  this_one: ['This trip', '本次'],
  other: ['Compared with', '对比'],
  alone: ['It tripped once in this time', '该时间范围内只熔断过一次'],
  alone_why: ['A longer range may have another trip to compare with.', '扩大时间范围可能找到另一次熔断。'],
  alike: ['The errors before them are {share} alike', '熔断前的错误 {share} 相同'],
  same: ['the same trouble again', '同类故障再次发生'],
  differs: ['another trouble', '故障不同'],
  length: ['From open to closed', '从熔断到恢复'],
  open: ['Open', '熔断时长'],
  half: ['Half open', '半开时长'],
  refused: ['Calls refused', '拒绝调用'],
  detect: ['Failures before it opened', '熔断前失败持续'],
  dependency: ['Dependency well after', '依赖恢复用时'],
  release: ['Then let go after', '其后放行用时'],
  probes: ['Probes', '探测次数'],
  reopens: ['Reopened', '重新熔断'],
  evidence: ['Evidence', '证据'],
  cause: ['Why', '原因'],
  hurt: ['Traces hurt', '受影响链路'],
  spared: ['of these spared', '其中被兜底'],
  instances: ['Instances', '实例'],
  changes: ['Changed before', '此前变更'],
  codes: ['Errors before', '熔断前的错误'],
  ongoing: ['still open', '仍在熔断'],
});

/** From this on two trips are the same trouble, below the other it is another. */
const ALIKE = 0.7;
const UNLIKE = 0.3;

export function CompareTrips({ id, at, other, onClose }: { id: string; at: string; other: string; onClose: () => void }) {
  const of = useGet<BreakerAnswer>(`breakers/${id}`, useRangeQuery());
  const trips = of.data?.trips ?? [];
  const chosen = other === 'before' ? beside(trips, at) : (tripAt(trips, other) ?? { opened: { time: other } });
  const time = chosen?.opened.time ?? '';
  const a = useGet<TripAnswer>(`breakers/${id}/trips/${encodeURIComponent(at)}`);
  const b = useGet<TripAnswer>(`breakers/${id}/trips/${encodeURIComponent(time)}`, {}, { when: time !== '' });
  return (
    <Drawer
      label={t('title')}
      title={t('title')}
      sub={a.data ? titleOf(a.data.breaker) : ''}
      onClose={onClose}
      actions={
        <button class="btn small" onClick={() => setParams({ with: null })}>
          {t('back')}
        </button>
      }
    >
      <Loaded answer={of} route="breakers/{id}">
        {() =>
          time === '' ? (
            <Empty title={t('alone')}>
              <p>{t('alone_why')}</p>
            </Empty>
          ) : (
            <Loaded answer={a} route="breakers/{id}/trips/{t}">
              {(left) => (
                <Loaded answer={b} route="breakers/{id}/trips/{t}">
                  {(right) => <Pair a={left} b={right} trips={trips} />}
                </Loaded>
              )}
            </Loaded>
          )
        }
      </Loaded>
    </Drawer>
  );
}

function Pair({ a, b, trips }: { a: TripAnswer; b: TripAnswer; trips: readonly Trip[] }) {
  const pairs = codePairs(a, b);
  const alike = likeness(pairs);
  const options = trips.filter((trip) => trip.opened.time !== a.trip.opened.time).map((trip) => [trip.opened.time, dayClock(toMs(trip.opened.time))] as const);
  const known = options.some(([time]) => time === b.trip.opened.time);
  return (
    <>
      {alike !== null && (
        <p class={`strip${alike < ALIKE ? '' : ' ok'}`}>
          {t('alike', { share: percent(alike) })}
          {alike >= ALIKE ? `: ${t('same')}` : alike <= UNLIKE ? `: ${t('differs')}` : ''}
        </p>
      )}
      <section>
        <h3>
          {t('this_one')} <span class="faint">{dayClock(toMs(a.trip.opened.time))}</span>
        </h3>
        <TripStrip one={a} />
        <div class="row tight">
          <h3>{t('other')}</h3>
          <Select label={t('other')} value={b.trip.opened.time} options={known ? options : [[b.trip.opened.time, dayClock(toMs(b.trip.opened.time))], ...options]} onChange={(next) => setParams({ with: next }, 'replace')} />
        </div>
        <TripStrip one={b} />
      </section>
      <table class="table pair" aria-label={t('title')}>
        <thead>
          <tr>
            <td />
            <th scope="col" class="num">
              {t('this_one')}
            </th>
            <th scope="col" class="num">
              {t('other')}
            </th>
          </tr>
        </thead>
        <tbody>
          {facts(a, b).map(([name, left, right]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="num">{left}</td>
              <td class="num">{right}</td>
            </tr>
          ))}
          {pairs.slice(0, 8).map(({ code, a: left, b: right }, index) => (
            <tr key={code}>
              <th scope="row">
                {index === 0 && <span class="faint">{t('codes')} </span>}
                <a class="mono strong" href={link('/errors', { code })}>
                  {codeName(code)}
                </a>
              </th>
              <td class="num">{left === null ? nothing : percent(left)}</td>
              <td class="num">{right === null ? nothing : percent(right)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const nothing = <span class="faint">–</span>;

function facts(a: TripAnswer, b: TripAnswer): [string, ComponentChildren, ComponentChildren][] {
  const rows: [string, (one: TripAnswer) => ComponentChildren][] = [
    [t('refused'), (one) => <b class={one.trip.refused > 0 ? 'error-text' : ''}>{short(Math.round(one.trip.refused))}</b>],
    [t('length'), (one) => (one.trip.closed ? time((toMs(one.trip.closed.time) - toMs(one.trip.opened.time)) * 1e6) : t('ongoing'))],
    [t('open'), (one) => time(one.trip.open_ns)],
    [t('half'), (one) => time(one.trip.half_open_ns)],
    [t('detect'), (one) => time(one.time_to_detect_ns)],
    [t('dependency'), (one) => time(one.recovery?.dependency_ns)],
    [t('release'), (one) => time(one.recovery?.release_ns)],
    [t('probes'), (one) => one.trip.probes || nothing],
    [t('reopens'), (one) => one.trip.reopens || nothing],
    [t('instances'), (one) => one.trip.instances?.length ?? nothing],
    [t('hurt'), (one) => (one.hurt.traces ? short(one.hurt.traces) : nothing)],
    [t('spared'), (one) => (one.hurt.traces && one.hurt.contained ? percent(one.hurt.contained / (one.hurt.traces_looked_at || one.hurt.traces)) : nothing)],
    [t('cause'), (one) => causeName(one.transitions[0]?.cause || one.trip.cause)],
    [t('evidence'), (one) => levelName(level(one.trip.method))],
    [t('changes'), (one) => (one.changes.length ? one.changes.slice(0, 3).map((change) => <div key={change.time}>{`${change.service} ${change.what}`}</div>) : nothing)],
  ];
  return rows.map(([name, of]): [string, ComponentChildren, ComponentChildren] => [name, of(a), of(b)]).filter(([, left, right]) => left !== nothing || right !== nothing);
}

function time(ns: number | null | undefined): ComponentChildren {
  return ns ? duration(ns) : nothing;
}
