// One trip: why, which errors, whom it hurt, how it ended.
import { apiUrl } from '../../base/api';
import { count, duration, short } from '../../base/format';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { dayClock, toMs } from '../../base/time';
import { setParams } from '../../base/url';
import { Complete } from '../../components/complete';
import { Icon } from '../../components/icons';
import { Drawer, copy } from '../../components/parts';
import { frozenLink } from '../../components/range';
import { Loaded } from '../../components/states';
import { titleOf, type TripAnswer } from '../../model/breakers';
import { Cost } from './cost';
import { Course } from './course';
import { mapOf, tracesOf } from './links';
import { TripStrip } from './strip';
import { Why } from './why';

const t = texts({
  trip: ['Trip', '熔断'],
  all_trips: ['All trips', '全部熔断'],
  refused: ['calls refused', '次调用被拒绝'],
  ongoing: ['still open', '仍在熔断'],
  traces: ['Open traces', '查看链路'],
  on_map: ['On the map', '在拓扑中查看'],
  compare: ['Compare', '对比'],
  compare_why: ['With another trip of this breaker', '与该熔断器的另一次熔断对比'],
  copy_summary: ['Copy summary', '复制摘要'],
  summary: ['{service} › {target}: breaker {name} opened {time}, {refused} calls refused, open {open}. {link}', '{service} › {target}：熔断器 {name} 于 {time} 熔断，拒绝 {refused} 次调用，持续 {open}。{link}'],
});

export function TripPanel({ id, at, onClose }: { id: string; at: string; onClose: () => void }) {
  const route = `breakers/${id}/trips/${encodeURIComponent(at)}`;
  const answer = useGet<TripAnswer>(route);
  const data = answer.data;
  return (
    <Drawer
      label={t('trip')}
      title={data ? titleOf(data.breaker) : t('trip')}
      sub={data ? `${dayClock(toMs(data.trip.opened.time))} · ${data.breaker.name.replace(/^op:/, '')}` : ''}
      onClose={onClose}
      actions={
        <button class="btn small" onClick={() => setParams({ trip: null }, 'replace')}>
          {t('all_trips')}
        </button>
      }
    >
      <Loaded answer={answer} route="breakers/{id}/trips/{t}">
        {(one) => (
          <>
            <Complete of={one.completeness} />
            <TripHead one={one} />
            <TripStrip one={one} />
            <Why one={one} />
            <Cost hurt={one.hurt} />
            <Course one={one} />
          </>
        )}
      </Loaded>
    </Drawer>
  );
}

function TripHead({ one }: { one: TripAnswer }) {
  const { trip, breaker } = one;
  const opened = toMs(trip.opened.time);
  const closed = trip.closed ? toMs(trip.closed.time) : null;
  const summary = t('summary', {
    service: breaker.service,
    target: breaker.targets.join(', '),
    name: breaker.name,
    time: dayClock(opened),
    refused: count(Math.round(trip.refused)),
    open: duration(trip.open_ns),
    link: frozenLink(),
  });
  const map = mapOf(breaker, trip);
  return (
    <section>
      <div class="row">
        <strong class="big-number">{short(Math.round(trip.refused))}</strong>
        <span class="soft">{t('refused')}</span>
        <span class="spring" />
        <span class={closed === null ? 'badge error' : 'badge'}>{closed === null ? t('ongoing') : duration((closed - opened) * 1e6)}</span>
      </div>
      <div class="row tight">
        <a class="btn small" href={tracesOf(breaker, trip)} title="t">
          <Icon name="traces" size={13} />
          {t('traces')}
        </a>
        {map && (
          <a class="btn small" href={map}>
            <Icon name="map" size={13} />
            {t('on_map')}
          </a>
        )}
        <button class="btn small" title={t('compare_why')} onClick={() => setParams({ with: 'before' })}>
          {t('compare')}
        </button>
        <button class="btn small" onClick={() => void copy(summary)}>
          <Icon name="copy" size={13} />
          {t('copy_summary')}
        </button>
        <a class="btn small" href={apiUrl(`breakers/${breaker.id}/trips/${encodeURIComponent(trip.opened.time)}`)} download={`trip-${breaker.id}.json`}>
          <Icon name="download" size={13} />
          JSON
        </a>
      </div>
    </section>
  );
}
