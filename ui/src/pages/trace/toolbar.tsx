// What is above the waterfall: finding spans, what is folded, what is marked.
import { useState } from 'preact/hooks';
import { texts } from '../../base/i18n';
import { param, setParams } from '../../base/url';
import { Icon } from '../../components/icons';
import { IconButton } from '../../components/parts';
import type { TraceModel } from '../../model/trace';

const t = texts({
  filter: ['Find spans by name or service', '按名称或服务查找 Span'],
  found: ['{n} found', '找到 {n} 个'],
  critical: ['Critical path', '关键路径'],
  repeats: ['Fold repeats', '折叠重复'],
  collapse: ['Collapse', '折叠'],
  expand: ['Expand all', '全部展开'],
  next_error: ['Next error', '下一个错误'],
  previous_error: ['Previous error', '上一个错误'],
  zoom_out: ['Show all of the time', '显示全部时间'],
});

export function Toolbar(props: {
  model: TraceModel;
  colours: readonly number[];
  /** Spans that match, when something is looked for. */
  found: number | null;
  critical: boolean;
  foldRepeats: boolean;
  collapsed: boolean;
  zoomed: boolean;
  onCollapse: () => void;
  onError: (by: 1 | -1) => void;
  onZoomOut: () => void;
}) {
  const { model } = props;
  const [text, setText] = useState(param('find'));
  return (
    <div class="head wf-head">
      <div class="filter" style={{ flex: '0 1 260px' }}>
        <Icon name="search" size={14} />
        <input
          class="input"
          style={{ fontFamily: 'inherit', height: '26px' }}
          aria-label={t('filter')}
          placeholder={t('filter')}
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setParams({ find: event.currentTarget.value || null }, 'replace');
          }}
        />
      </div>
      {props.found !== null && <span class="faint">{t('found', { n: props.found })}</span>}
      <button class="btn small" aria-pressed={props.critical} title="p" onClick={() => setParams({ critical: props.critical ? null : '1' }, 'replace')}>
        {t('critical')}
      </button>
      <button class="btn small" aria-pressed={props.foldRepeats} title="f" onClick={() => setParams({ fold: props.foldRepeats ? '0' : null }, 'replace')}>
        {t('repeats')}
      </button>
      <button class="btn small" onClick={props.onCollapse}>
        {props.collapsed ? t('expand') : t('collapse')}
      </button>
      {model.errors > 0 && (
        <span class="row tight">
          <IconButton icon="up" small label={`${t('previous_error')} (E)`} onClick={() => props.onError(-1)} />
          <IconButton icon="down" small label={`${t('next_error')} (e)`} onClick={() => props.onError(1)} />
        </span>
      )}
      <span class="spring" />
      {props.zoomed && (
        <button class="btn small" onClick={props.onZoomOut}>
          {t('zoom_out')}
        </button>
      )}
      <div class="legend hide-small">
        {model.services.slice(0, 8).map((name, index) => (
          <span key={name}>
            <i class="swatch" style={{ background: `var(--s${props.colours[index]})` }} />
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}
