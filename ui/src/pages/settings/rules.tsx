// What the server tells from records, and how sure it is.
import { useState } from 'preact/hooks';
import { texts } from '../../base/i18n';
import type { Answer } from '../../base/query';
import type { GovernanceRule, GovernanceRules } from '../../base/schema';
import { percent } from '../../base/format';
import { Panel, Table } from '../../components/parts';
import { Empty, Loaded } from '../../components/states';

const t = texts({
  title: ['Rules that count', '生效的规则'],
  find: ['Rule, file or kind of record', '规则、文件或数据类型'],
  none: ['No rule is like that', '没有符合条件的规则'],
  rule: ['Rule', '规则'],
  on: ['Looks at', '数据类型'],
  gives: ['Tells', '识别'],
  confidence: ['Confidence', '置信度'],
  file: ['File', '文件'],
  built_in: ['built in', '内置'],
  rejection: ['refusals', '拒绝'],
  signal: ['states of breakers', '熔断状态'],
  action: ['retries, timeouts, fallbacks', '重试、超时、降级'],
  version: ['version {version}', '版本 {version}'],
  more: ['Rules of your own are written below, or go into a file that governance.rules names and that wins; a rule with the id of a built-in one takes its place.', '自定义规则可在下方填写，或写入 governance.rules 指定的文件（优先）；与内置规则同名的会覆盖内置规则。'],
});

type Gives = 'rejection' | 'signal' | 'action';

export function Rules({ answer }: { answer: Answer<GovernanceRules> }) {
  const [text, setText] = useState('');
  const fits = (rule: GovernanceRule) => [rule.id, rule.file, rule.about, ...rule.on].some((one) => one.toLowerCase().includes(text.trim().toLowerCase()));
  return (
    <Panel title={t('title')} flush actions={answer.data && <span class="faint small mono">{t('version', { version: answer.data.version })}</span>}>
      <div class="row" style={{ padding: '10px 12px' }}>
        <input class="input" style={{ flex: '0 1 260px' }} aria-label={t('find')} placeholder={t('find')} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <span class="faint small">{t('more')}</span>
      </div>
      <Loaded answer={answer} route="settings/rules">
        {(data) => {
          const rows = data.rules.filter(fits);
          if (rows.length === 0) return <Empty title={t('none')} />;
          return (
            <Table
              label={t('title')}
              keyOf={(row: GovernanceRule) => row.id}
              rows={rows}
              columns={[
                { key: 'rule', title: t('rule'), wide: true, width: 260, cell: (row) => <Named rule={row} /> },
                { key: 'on', title: t('on'), hideSmall: true, cell: (row) => <span class="mono small nowrap">{row.on.join(', ')}</span> },
                { key: 'gives', title: t('gives'), hideSmall: true, cell: (row) => <span class="nowrap">{row.gives.map((one) => t(one as Gives)).join(' · ')}</span> },
                { key: 'confidence', title: t('confidence'), num: true, cell: (row) => percent(row.confidence / 100) },
                { key: 'file', title: t('file'), hideSmall: true, cell: (row) => (row.built_in ? <span class="faint nowrap">{`${row.file} (${t('built_in')})`}</span> : <code class="strong">{row.file}</code>) },
              ]}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

function Named({ rule }: { rule: GovernanceRule }) {
  return (
    <>
      <code class="strong">{rule.id}</code> <span class="faint">{rule.about}</span>
    </>
  );
}
