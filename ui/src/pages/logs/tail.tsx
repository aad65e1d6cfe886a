// What is said right now. The list follows its end; who scrolls up, reads in peace and sees how much is waiting.
import { useEffect, useRef, useState } from 'preact/hooks';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import type { LogRow } from '../../base/schema';
import { useStream } from '../../base/stream';
import { Icon } from '../../components/icons';
import { LogLine } from '../../components/logline';
import { Drawer } from '../../components/parts';
import { VirtualList } from '../../components/virtual';
import { Attributes } from '../../components/attributes';
import { link } from '../../base/url';
import { arrive, emptyTail, release, type TailLine, type TailState } from '../../model/tail';

const t = texts({
  title: ['Live tail', '实时日志'],
  off: ['off', '关闭'],
  connecting: ['connecting', '连接中'],
  live: ['live', '实时'],
  lost: ['interrupted, trying again', '已中断，正在重连'],
  paused: ['paused', '已暂停'],
  pause: ['Pause', '暂停'],
  go_on: ['Go on', '继续'],
  waiting: ['{n} new line|{n} new lines', '{n} 条新日志'],
  clear: ['Clear', '清空'],
  dropped: ['{n} records were not shown here: {reason}', '此处未显示 {n} 条：{reason}'],
  gap: ['A gap: {reason}', '存在间断：{reason}'],
  none: ['Waiting for the next line.', '等待新日志。'],
  kept: ['{n} lines', '{n} 行'],
  trace: ['Open the trace', '打开链路'],
  nothing: ['none', '无'],
});

export function Tail({ q }: { q: string }) {
  const [state, setState] = useState<TailState<LogRow>>(emptyTail);
  const [paused, setPaused] = useState(false);
  const [chosen, setChosen] = useState<LogRow | null>(null);
  const following = useRef(true);
  const pending = useRef<TailLine<LogRow>[]>([]);
  const number = useRef(0);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    pending.current = [];
    setState(emptyTail());
  }, [q]);
  const stream = useStream('stream/logs', { q, backlog: 200 }, true, {
    log: (data) => pending.current.push({ key: `${number.current++}`, row: data as LogRow }),
    gap: (data) => {
      const { dropped = null, reason } = data as { dropped?: number; reason: string };
      pending.current.push({ key: `${number.current++}`, gap: { dropped, reason } });
    },
  });
  // A few times a second, whatever the rate: lines are shown in groups.
  useEffect(() => {
    const timer = setInterval(() => {
      if (!pending.current.length) return;
      const lines = pending.current;
      pending.current = [];
      setState((before) => arrive(before, lines, following.current && !paused));
    }, 200);
    return () => clearInterval(timer);
  }, [paused]);
  useEffect(() => {
    if (following.current && !paused && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [state.shown, paused]);
  const toEnd = () => {
    following.current = true;
    setPaused(false);
    setState(release);
  };
  return (
    <div class="with-drawer">
      <section class="panel grow">
        <div class="head">
          <h2>{t('title')}</h2>
          <span class={`badge ${paused ? 'warn' : stream === 'live' ? 'ok' : stream === 'lost' ? 'error' : ''}`}>
            <i class={`dot ${paused ? 'warn' : stream === 'live' ? 'ok' : 'error'}${stream === 'live' && !paused ? ' pulse' : ''}`} />
            {paused ? t('paused') : t(stream)}
          </span>
          <span class="spring" />
          <span class="faint small">{t('kept', { n: state.shown.length })}</span>
          <button class="btn small" onClick={() => (paused ? toEnd() : setPaused(true))}>
            <Icon name={paused ? 'play' : 'pause'} size={13} />
            {paused ? t('go_on') : t('pause')}
          </button>
          <button class="btn small" onClick={() => setState(emptyTail())}>
            {t('clear')}
          </button>
        </div>
        <div class="body flush" style={{ display: 'flex', position: 'relative' }}>
          {state.shown.length === 0 ? (
            <p class="state" style={{ flex: 1 }}>
              {t('none')}
            </p>
          ) : (
            <VirtualList
              box={box}
              rows={state.shown}
              rowHeight={24}
              label={t('title')}
              keyOf={(line) => line.key}
              onScroll={(element) => {
                const end = element.scrollTop + element.clientHeight > element.scrollHeight - 30;
                if (end && !following.current) setState(release);
                following.current = end;
              }}
            >
              {(line) =>
                line.row ? (
                  <LogLine log={line.row} selected={chosen?.id === line.row.id} onClick={() => setChosen(line.row!)} />
                ) : (
                  <div class="gapline">{line.gap!.dropped === null ? t('gap', { reason: line.gap!.reason }) : t('dropped', { n: line.gap!.dropped, reason: line.gap!.reason })}</div>
                )
              }
            </VirtualList>
          )}
          {state.waiting.length > 0 && (
            <button class="btn primary waiting" onClick={toEnd}>
              <Icon name="down" size={13} />
              {t('waiting', { n: state.waiting.length })}
              {state.waiting.length >= 10_000 && <span>{count(state.waiting.length)}+</span>}
            </button>
          )}
        </div>
      </section>
      {chosen && (
        <Drawer label={t('title')} title={chosen.service_name ?? ''} sub={chosen.time} onClose={() => setChosen(null)}>
          <pre class="body-text">{chosen.body}</pre>
          {chosen.trace_id && (
            <div>
              <a class="btn small" href={link(`/traces/${chosen.trace_id}`, { span: chosen.span_id })}>
                {t('trace')}
              </a>
            </div>
          )}
          <Attributes of={{ ...(chosen.attributes ?? {}) }} none={t('nothing')} />
        </Drawer>
      )}
    </div>
  );
}
