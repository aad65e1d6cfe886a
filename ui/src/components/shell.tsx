// The frame around every page: rail, scope and time, and what is wrong with the server itself.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { texts } from '../base/i18n';
import { bytes, durationMs } from '../base/format';
import { register } from '../base/keys';
import { language, rail, theme } from '../base/prefs';
import { refreshAll, useGet } from '../base/query';
import type { Status } from '../base/schema';
import { BASE, go, link, path } from '../base/url';
import { troubles, type Trouble } from '../model/status';
import { Icon, Logo } from './icons';
import { IconButton, Toast, copy } from './parts';
import { Palette, paletteOpen } from './palette';
import { RangeControl, frozenLink, moveRange, zoomRange } from './range';
import { Sheet, sheetOpen } from './sheet';
import { STOPS, pageName } from './sitemap';

const t = texts({
  skip: ['Skip to content', '跳到正文'],
  pages: ['Pages', '页面'],
  fold: ['Fold the rail', '收起侧栏'],
  jump: ['Go to…', '跳转……'],
  copy_link: ['Copy link', '复制链接'],
  theme: ['Theme: {name}', '主题：{name}'],
  auto: ['as the system', '跟随系统'],
  light: ['light', '浅色'],
  dark: ['dark', '深色'],
  language: ['中文', 'English'],
  keys: ['Keyboard', '键盘快捷键'],
  everywhere: ['Everywhere', '全局'],
  go: ['Go to {page}', '前往 {page}'],
  earlier: ['Earlier', '更早'],
  later: ['Later', '更晚'],
  zoom_out: ['Zoom out', '缩小时间范围'],
  refresh: ['Refresh', '刷新'],
  disk: ['The disk is nearly full: {free} are free, with less than {needed} new data is asked to come back.', '磁盘空间不足：剩余 {free}，低于 {needed} 时将暂停接收新数据。'],
  waiting: ['What arrived waits for {time} to be written into blocks; {failures} attempts failed. It is safe in the write-ahead log.', '已接收的数据等待落盘已 {time}，失败 {failures} 次；数据已安全写入 WAL。'],
  compaction: ['Compaction is behind: {blocks} blocks wait to become fewer, and questions take longer.', '压实滞后：{blocks} 个数据块待合并，查询会变慢。'],
  lost: ['The server does not answer. What you see is what was last known.', '服务器无响应，当前显示的是最近一次的数据。'],
});

function words(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'refuses':
      return trouble.reason;
    case 'disk':
      return t('disk', { free: bytes(trouble.free), needed: bytes(trouble.needed) });
    case 'waiting':
      return t('waiting', { time: durationMs(trouble.ms), failures: trouble.failures });
    case 'compaction':
      return t('compaction', { blocks: trouble.blocks });
  }
}

const THEMES = ['auto', 'light', 'dark'] as const;

function useGlobalKeys() {
  useEffect(
    () =>
      register({
        title: () => t('everywhere'),
        bindings: [
          { keys: 'Ctrl+k', does: () => t('jump'), run: () => (paletteOpen.value = true) },
          { keys: '?', does: () => t('keys'), run: () => (sheetOpen.value = true) },
          { keys: 'y', does: () => t('copy_link'), run: () => void copy(frozenLink()) },
          { keys: '[', does: () => t('earlier'), run: () => moveRange(-1) },
          { keys: ']', does: () => t('later'), run: () => moveRange(1) },
          { keys: '-', does: () => t('zoom_out'), run: () => zoomRange(2) },
          { keys: 'r', does: () => t('refresh'), run: refreshAll },
          ...STOPS.map((stop) => ({ keys: `g ${stop.key}`, does: () => t('go', { page: pageName(stop.name) }), run: () => go(link(stop.to).slice(BASE.length)) })),
        ],
      }),
    [],
  );
}

function isHere(to: string): boolean {
  const here = path.value;
  return to === '/' ? here === '/' : here === to || here.startsWith(`${to}/`);
}

function Rail() {
  return (
    <nav class={`rail ${rail.value}`} aria-label={t('pages')}>
      <a class="brand" href={link('/')} aria-label="Fusebox">
        <Logo />
        <span class="label">Fusebox</span>
      </a>
      {STOPS.map((stop, index) => [
        index > 0 && stop.group !== STOPS[index - 1]!.group && stop.group === 1 && <div class="section" key="section" />,
        stop.group === 2 && STOPS[index - 1]!.group !== 2 && <div class="spring" key="spring" />,
        <a key={stop.to} class="item" href={link(stop.to)} aria-current={isHere(stop.to) ? 'page' : undefined} title={`${pageName(stop.name)} (g ${stop.key})`} aria-label={pageName(stop.name)}>
          <Icon name={stop.icon} />
          <span class="label">{pageName(stop.name)}</span>
        </a>,
      ])}
      <button class="item fold" onClick={() => (rail.value = rail.value === 'wide' ? 'narrow' : 'wide')} aria-label={t('fold')} title={t('fold')}>
        <Icon name={rail.value === 'wide' ? 'left' : 'right'} />
        <span class="label">{t('fold')}</span>
      </button>
    </nav>
  );
}

export function Shell({ children, noRange }: { children: ComponentChildren; noRange: boolean }) {
  useGlobalKeys();
  const status = useGet<Status>('status', {}, { every: 5_000 });
  const wrong = status.data ? troubles(status.data) : [];
  const nextTheme = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return (
    <div class="frame">
      <Rail />
      <header class="top">
        <button class="btn jump" onClick={() => (paletteOpen.value = true)} title={t('jump')}>
          <Icon name="search" size={14} />
          <span class="hide-small faint">{t('jump')}</span>
          <kbd class="hide-small">Ctrl K</kbd>
        </button>
        <span class="spring" />
        {!noRange && <RangeControl />}
        <IconButton icon="link" label={t('copy_link')} onClick={() => void copy(frozenLink())} />
        <IconButton icon={theme.value === 'auto' ? 'auto' : theme.value === 'light' ? 'sun' : 'moon'} label={t('theme', { name: t(theme.value) })} onClick={() => (theme.value = nextTheme)} />
        <button class="btn ghost" lang={language.value === 'en' ? 'zh' : 'en'} onClick={() => (language.value = language.value === 'en' ? 'zh' : 'en')}>
          {t('language')}
        </button>
        <span class="hide-small">
          <IconButton icon="help" label={t('keys')} onClick={() => (sheetOpen.value = true)} />
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        {status.error && (
          <div class="strip error top-strip" role="alert">
            {t('lost')}
          </div>
        )}
        {wrong.map((one) => (
          <div key={words(one)} class={`strip top-strip${one.kind === 'compaction' ? '' : ' error'}`} role="alert">
            <Icon name="warn" size={14} />
            {words(one)}
          </div>
        ))}
        {children}
      </main>
      <Palette />
      <Sheet />
      <Toast />
    </div>
  );
}
