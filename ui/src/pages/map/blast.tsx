// Blast radius: whose requests fail because of the chosen node.
import { percent, short } from '../../base/format';
import { texts } from '../../base/i18n';
import type { useGet } from '../../base/query';
import { link } from '../../base/url';
import { Meter } from '../../components/parts';
import { Loaded } from '../../components/states';
import type { BlastAnswer } from '../../model/map';

const t = texts({
  title: ['Blast radius', '影响范围'],
  show: ['Whom does it hurt?', '影响了谁？'],
  hide: ['Hide', '收起'],
  banner: ['{n} service, up to {share} of its requests|{n} services, up to {share} of their requests', '影响 {n} 个服务，最高占其请求的 {share}'],
  spared: ['{spared} of {failed} failed calls were spared by a fallback', '{failed} 次失败中 {spared} 次由降级兜底'],
  nobody: ['Nobody: no request failed because of it in this time.', '该时间范围内没有请求因其失败。'],
  entries: ['Where people meet it', '用户入口'],
  failed_of: ['{failed} of {n}', '{n} 次中 {failed} 次'],
});

export function Blast({ answer, shown, onShow }: { answer: ReturnType<typeof useGet<BlastAnswer>>; shown: boolean; onShow: (on: boolean) => void }) {
  if (!shown)
    return (
      <section>
        <button class="btn" onClick={() => onShow(true)}>
          {t('show')}
        </button>
      </section>
    );
  return (
    <section>
      <div class="row">
        <h3>{t('title')}</h3>
        <span class="spring" />
        <button class="btn small" onClick={() => onShow(false)}>
          {t('hide')}
        </button>
      </div>
      <Loaded answer={answer} route="graph/blast" rows={4}>
        {(data) => {
          const hurt = data.callers.filter((caller) => caller.failed > 0);
          if (hurt.length === 0) return <p class="faint">{t('nobody')}</p>;
          return (
            <>
              <p class="strip error">{t('banner', { n: hurt.length, share: percent(Math.max(...hurt.map((caller) => caller.share))) })}</p>
              {data.traces_spared > 0 && <p class="soft">{t('spared', { spared: data.traces_spared, failed: data.traces_failed })}</p>}
              {hurt.slice(0, 12).map((caller) => (
                <a class="row exemplar" key={caller.service} href={link(`/services/${encodeURIComponent(caller.service)}`)}>
                  <strong class="cut">{caller.service}</strong>
                  <span class="spring" />
                  <span class="faint small nowrap">{t('failed_of', { failed: short(Math.round(caller.failed)), n: short(Math.round(caller.requests)) })}</span>
                  <Meter share={caller.share} tone="error" />
                  <b class="nowrap">{percent(caller.share)}</b>
                </a>
              ))}
              {data.entry_points.length > 0 && <h3>{t('entries')}</h3>}
              {data.entry_points.slice(0, 8).map((entry) => (
                <div class="row" key={entry.service + entry.operation} style={{ flexWrap: 'nowrap' }}>
                  <span class="cut">
                    <span class="soft">{entry.service}</span> {entry.operation}
                  </span>
                  <span class="spring" />
                  <span class="small nowrap">{t('failed_of', { failed: entry.failed, n: entry.reached })}</span>
                </div>
              ))}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
