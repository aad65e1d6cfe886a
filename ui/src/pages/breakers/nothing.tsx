// No lane to show: because of the filter, because nothing tripped, or because nobody reports a breaker.
import { texts } from '../../base/i18n';
import { setParams } from '../../base/url';
import { Panel } from '../../components/parts';
import { Empty } from '../../components/states';

const t = texts({
  empty: ['No breaker signals seen', '未发现熔断信号'],
  empty_why: [
    'Services may have no breakers, or not report them. Fusebox reads the metrics of resilience4j, Sentinel, Hystrix and Envoy, the logs of most libraries, and infers trips of Kratos, go-zero and others from calls that are refused.',
    '服务可能没有熔断器，或未上报。Fusebox 可识别 resilience4j、Sentinel、Hystrix、Envoy 的指标和多数库的日志，并能从被拒绝的调用推断 Kratos、go-zero 等的熔断。',
  ],
  empty_snippet: ['One log line with these attributes is enough for any other library:', '其他库只需输出一行带有以下属性的日志：'],
  all_well: ['No breaker tripped in this time', '该时间范围内没有熔断'],
  all_well_why: ['{n} breakers are known and were looked at.', '已检查 {n} 个已知熔断器。'],
  show_all: ['Show all', '显示全部'],
  filtered: ['No breaker is like that', '没有符合条件的熔断器'],
  clear: ['Without the filter', '清除筛选'],
});

/** `known`: breakers that there are, whatever is asked for. */
export function NoBreakers({ filtered, tripped, known }: { filtered: boolean; tripped: boolean; known: number }) {
  return (
    <Panel>
      {filtered ? (
        <Empty title={t('filtered')}>
          <button class="btn" onClick={() => setParams({ q: null, state: null, kind: null, evidence: null, tripped: null })}>
            {t('clear')}
          </button>
        </Empty>
      ) : tripped && known > 0 ? (
        <Empty title={t('all_well')}>
          <p>{t('all_well_why', { n: known })}</p>
          <button class="btn" onClick={() => setParams({ tripped: null })}>
            {t('show_all')}
          </button>
        </Empty>
      ) : (
        <Empty title={t('empty')}>
          <p>{t('empty_why')}</p>
          <p class="faint">{t('empty_snippet')}</p>
          <pre class="snippet-box">{'circuit_breaker.state_change  circuitbreaker.name=pay  from=closed  to=open'}</pre>
        </Empty>
      )}
    </Panel>
  );
}
