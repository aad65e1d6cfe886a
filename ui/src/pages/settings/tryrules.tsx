// Rules of one's own: tried on a record before they count, then taken.
import { useState } from 'preact/hooks';
import { send } from '../../base/api';
import { texts } from '../../base/i18n';
import { refresh } from '../../base/query';
import type { GovernanceRules, GovernanceRulesTested } from '../../base/schema';
import { Attributes } from '../../components/attributes';
import { Panel } from '../../components/parts';
import { Failure } from '../../components/states';

const t = texts({
  title: ['Rules of your own', '自定义规则'],
  rules: ['Rules of your own (TOML); left empty, those that count now are tried', '自定义规则（TOML）；留空则使用当前生效的规则'],
  otlp: ['A request of OTLP/JSON; left empty, the rules are only checked', 'OTLP/JSON 请求；留空则仅校验规则'],
  run: ['Try', '试用'],
  take: ['Let them count', '生效'],
  take_why: ['They take the place of those written here before, in settings/rules.toml of the data directory; without any text there are none.', '替换此前在此填写的规则（数据目录下的 settings/rules.toml）；留空则清除。'],
  taken: ['{n} rule counts now.|{n} rules count now.', '当前生效 {n} 条规则。'],
  right: ['The rules have no mistake.', '规则无误。'],
  nothing: ['These records tell nothing.', '未从这些数据中识别出任何信息。'],
  line: ['line {n}', '第 {n} 行'],
  no_json: ['This is no JSON: {why}', '不是合法的 JSON：{why}'],
  none: ['none', '无'],
});

const RULES = `[[rule]]
id = "mine"
about = "Our client says that it refused."
on = ["span"]
when = [{ field = "text", contains = "quota of the day" }]
rejection = { kind = "rate_limit" }
`;

const SPAN = JSON.stringify({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'order' } }] }, scopeSpans: [{ spans: [{ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'charge', kind: 3, startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712661000000000', status: { code: 2, message: 'quota of the day is used up' } }] }] }] }, null, 1);

export function TryRules({ now }: { now: GovernanceRules | undefined }) {
  const [written, setWritten] = useState<string | null>(null);
  const [otlp, setOtlp] = useState(SPAN);
  const [told, setTold] = useState<GovernanceRulesTested | Error | null>(null);
  const [taken, setTaken] = useState<GovernanceRules | Error | null>(null);
  const rules = written ?? (now?.overlay || RULES);
  const setRules = (text: string) => {
    setWritten(text);
    setTaken(null);
  };
  const take = async () => {
    setTold(null);
    try {
      setTaken(await send<GovernanceRules>('PUT', 'settings/rules', { overlay: rules, version: now?.version ?? null }));
      refresh('settings/rules');
    } catch (error) {
      setTaken(error as Error);
    }
  };
  const run = async () => {
    setTaken(null);
    try {
      setTold(await send<GovernanceRulesTested>('POST', 'settings/rules:test', { rules: rules.trim() ? rules : null, otlp: otlp.trim() ? parsed(otlp) : null }));
    } catch (error) {
      setTold(error as Error);
    }
  };
  return (
    <Panel title={t('title')}>
      <div class="two-texts">
        <textarea class="input mono" spellcheck={false} aria-label={t('rules')} placeholder={t('rules')} title={t('rules')} value={rules} onInput={(event) => setRules(event.currentTarget.value)} />
        <textarea class="input mono" spellcheck={false} aria-label={t('otlp')} placeholder={t('otlp')} title={t('otlp')} value={otlp} onInput={(event) => setOtlp(event.currentTarget.value)} />
      </div>
      <div class="row" style={{ marginTop: '10px' }}>
        <button class="btn primary" onClick={() => void run()}>
          {t('run')}
        </button>
        <button class="btn" disabled={!now} onClick={() => void take()}>
          {t('take')}
        </button>
        <span class="faint small">{t('take_why')}</span>
      </div>
      {taken instanceof Error && <Failure error={taken} route="settings/rules" />}
      {taken && !(taken instanceof Error) && <p role="status">{t('taken', { n: taken.rules.length })}</p>}
      {told instanceof Error && <Failure error={told} route="settings/rules:test" />}
      {told && !(told instanceof Error) && <Told of={told} asked={otlp.trim() !== ''} />}
    </Panel>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(t('no_json', { why: (error as Error).message }));
  }
}

function Told({ of, asked }: { of: GovernanceRulesTested; asked: boolean }) {
  if (of.mistakes.length > 0) {
    return (
      <ul class="plain-list" role="alert">
        {of.mistakes.map((one) => (
          <li key={`${one.line} ${one.place}`} class="row">
            <span class="faint nowrap">{t('line', { n: one.line })}</span>
            <code class="strong nowrap">{one.place}</code>
            <span class="error-text">{one.why}</span>
          </li>
        ))}
      </ul>
    );
  }
  if (of.facts.length === 0) return <p role="status">{asked ? t('nothing') : t('right')}</p>;
  return (
    <div role="status">
      {of.facts.map((fact, index) => (
        <section key={index}>
          <h3 class="mono">{fact.table}</h3>
          <Attributes of={fact.row} none={t('none')} />
        </section>
      ))}
    </div>
  );
}
