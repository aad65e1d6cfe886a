// What this person prefers, how data is sent here, how codes are read.
import { texts } from '../../base/i18n';
import { language, theme, zone } from '../../base/prefs';
import { useGet } from '../../base/query';
import type { GovernanceRules, Status } from '../../base/schema';
import { param, setParams } from '../../base/url';
import { Panel, Segments, Tabs } from '../../components/parts';
import { Snippets } from '../../components/snippets';
import { Layouts } from './layouts';
import { Catalogue } from './catalogue';
import { ServerConfig } from './config';
import { Rules } from './rules';
import { TryRules } from './tryrules';

const t = texts({
  title: ['Settings', '设置'],
  sections: ['Sections', '分区'],
  look: ['Appearance', '外观'],
  send: ['Send data', '数据接入'],
  layouts: ['Error codes', '错误码规则'],
  catalogue: ['Catalogue', '错误码目录'],
  rules: ['Rules', '治理规则'],
  config: ['Configuration', '服务器配置'],
  language: ['Language', '语言'],
  theme: ['Theme', '主题'],
  auto: ['As the system', '跟随系统'],
  light: ['Light', '浅色'],
  dark: ['Dark', '深色'],
  zone: ['Times in', '时区'],
  local: ['Local time', '本地时间'],
  here: ['Kept in this browser only.', '仅保存在此浏览器中。'],
});

const SECTIONS = ['look', 'send', 'layouts', 'catalogue', 'rules', 'config'] as const;
type Section = (typeof SECTIONS)[number];

export default function SettingsPage() {
  const section = (param('tab') || 'look') as Section;
  const status = useGet<Status>('status', {}, { every: 10_000 });
  const rules = useGet<GovernanceRules>('settings/rules', {}, { when: section === 'rules' });
  return (
    <div class="page">
      <div class="page-head">
        <h1>{t('title')}</h1>
      </div>
      <Tabs label={t('sections')} value={section} tabs={SECTIONS.map((one) => [one, t(one)] as const)} onChange={(next) => setParams({ tab: next === 'look' ? null : next })} />
      {section === 'look' && (
        <Panel title={t('look')} actions={<span class="faint small">{t('here')}</span>}>
          <dl class="kv roomy">
            <dt>{t('language')}</dt>
            <dd>
              <Segments
                label={t('language')}
                value={language.value}
                options={[
                  ['en', 'English'],
                  ['zh', '中文'],
                ]}
                onChange={(next) => (language.value = next)}
              />
            </dd>
            <dt>{t('theme')}</dt>
            <dd>
              <Segments label={t('theme')} value={theme.value} options={(['auto', 'light', 'dark'] as const).map((one) => [one, t(one)] as const)} onChange={(next) => (theme.value = next)} />
            </dd>
            <dt>{t('zone')}</dt>
            <dd>
              <Segments
                label={t('zone')}
                value={zone.value}
                options={[
                  ['local', t('local')],
                  ['utc', 'UTC'],
                ]}
                onChange={(next) => (zone.value = next)}
              />
            </dd>
          </dl>
        </Panel>
      )}
      {section === 'send' && (
        <Panel title={t('send')}>
          <Snippets status={status.data} />
        </Panel>
      )}
      {section === 'layouts' && <Layouts />}
      {section === 'catalogue' && <Catalogue />}
      {section === 'rules' && (
        <>
          <Rules answer={rules} />
          <TryRules now={rules.data} />
        </>
      )}
      {section === 'config' && <ServerConfig />}
    </div>
  );
}
