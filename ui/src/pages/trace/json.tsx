// The trace as the API gives it.
import { get } from '../../base/api';
import { bytes } from '../../base/format';
import { texts } from '../../base/i18n';
import { useAnswer } from '../../base/query';
import { Panel, CopyButton } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';

const t = texts({
  title: ['JSON', 'JSON'],
  large: ['Too large to show. Download it instead.', '内容过大，请下载查看。'],
  cut: ['The first {size} are shown; copy takes all.', '仅显示前 {size}，复制可获得全部内容。'],
});

const SPANS_MAX = 5000;
const SHOWN_MAX = 400_000;

export function JsonTab({ traceId, spans }: { traceId: string; spans: number }) {
  const answer = useAnswer<string>(['trace-json', traceId], async (signal) => JSON.stringify(await get(`traces/${traceId}`, {}, signal), null, 2), { settled: true, when: spans <= SPANS_MAX });
  if (spans > SPANS_MAX) return <Empty title={t('large')} />;
  return (
    <Panel grow flush label={t('title')}>
      <Loaded answer={answer} route="traces/{trace_id}">
        {(text) => (
          <div style={{ position: 'relative' }}>
            <span style={{ position: 'absolute', right: '10px', top: '8px' }}>
              <CopyButton text={text} />
            </span>
            {text.length > SHOWN_MAX && <p class="strip">{t('cut', { size: bytes(SHOWN_MAX) })}</p>}
            <pre class="json">{text.slice(0, SHOWN_MAX)}</pre>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
