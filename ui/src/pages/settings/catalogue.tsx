// Codes that people wrote down: what is there, and a file with more of them. What a file would do is shown before it is done.
import { useState } from 'preact/hooks';
import { send } from '../../base/api';
import { count } from '../../base/format';
import { texts } from '../../base/i18n';
import { language } from '../../base/prefs';
import { refresh, useGet } from '../../base/query';
import type { ErrorCatalog, ErrorCatalogConflict, ErrorCatalogImported, ErrorCatalogTexts } from '../../base/schema';
import { link } from '../../base/url';
import { Panel, Segments } from '../../components/parts';
import { Empty, Failure, Loaded } from '../../components/states';
import { formatOf, type CatalogueFormat } from '../../model/errors';

const t = texts({
  title: ['Catalogue', '错误码目录'],
  total: ['{n} code|{n} codes', '{n} 个错误码'],
  find: ['Code, reason or message', '错误码、原因或消息'],
  none: ['No code is written down', '目录为空'],
  none_why: ['Import the errors.proto of a Kratos service, a Java enum, or a CSV or TOML file: its messages and solutions then stand beside every code.', '可导入 Kratos 的 errors.proto、Java 枚举、CSV 或 TOML 文件；导入后各处都会显示错误码的含义与处理方法。'],
  nobody: ['No code is like that', '没有符合条件的错误码'],
  import: ['Import', '导入'],
  file: ['File', '文件'],
  format: ['Format', '格式'],
  text: ['Text of the file', '文件内容'],
  service: ['Whose codes (when the file does not say)', '所属服务（文件未注明时）'],
  replace: ['What was imported before gives way', '覆盖此前导入的内容'],
  check: ['Look what it would do', '预览'],
  take: ['Take them in', '导入'],
  would: ['It would add {added}, complete {completed}, replace {replaced} and leave {unchanged} as they are.', '将新增 {added} 个，补充 {completed} 个，替换 {replaced} 个，{unchanged} 个不变。'],
  did: ['Added {added}, completed {completed}, replaced {replaced}; {unchanged} were there already.', '已新增 {added} 个，补充 {completed} 个，替换 {replaced} 个；{unchanged} 个原已存在。'],
  line: ['line {n}', '第 {n} 行'],
  conflicts: ['{n} field says something else than what is there, which stays|{n} fields say something else than what is there, which stays', '{n} 处与现有内容不一致，保留现有内容'],
});

const FORMATS = ['proto', 'java', 'csv', 'toml'] as const;
const SHOWN = 50;

export function Catalogue() {
  const [q, setQ] = useState('');
  const answer = useGet<ErrorCatalog>('error-catalog', { q: q || null, limit: SHOWN });
  return (
    <>
      <Panel title={t('title')} actions={answer.data && <span class="faint small">{t('total', { n: answer.data.codes_total })}</span>}>
        <input class="input" style={{ maxWidth: '320px' }} aria-label={t('find')} placeholder={t('find')} value={q} onInput={(event) => setQ(event.currentTarget.value.trim())} />
        <Loaded answer={answer} route="error-catalog">
          {(data) =>
            data.codes.length === 0 ? (
              <Empty title={q ? t('nobody') : t('none')}>{!q && <p>{t('none_why')}</p>}</Empty>
            ) : (
              <ul class="plain-list">
                {data.codes.map((one) => (
                  <li key={`${one.service} ${one.code}`} class="row" style={{ padding: '5px 0' }}>
                    <a class="mono strong" href={link('/errors', { code: one.code })}>
                      {one.code}
                    </a>
                    <span class="cut">{inWords(one.title) || inWords(one.message) || one.reason}</span>
                    <span class="faint">{one.service}</span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      <Import />
    </>
  );
}

/** In the reader's language, or the other one. */
function inWords(texts: ErrorCatalogTexts): string {
  const { en = '', zh = '' } = texts;
  return language.value === 'zh' ? zh || en : en || zh;
}

function Import() {
  const [format, setFormat] = useState<CatalogueFormat>('proto');
  const [text, setText] = useState('');
  const [service, setService] = useState('');
  const [replace, setReplace] = useState(false);
  const [told, setTold] = useState<ErrorCatalogImported | Error | null>(null);
  const change = <V,>(set: (value: V) => void) => {
    return (value: V) => {
      set(value);
      setTold(null);
    };
  };
  const take = async (dryRun: boolean) => {
    try {
      setTold(await send<ErrorCatalogImported>('POST', 'error-catalog:import', { format, text, service, replace, dry_run: dryRun }));
      if (!dryRun) refresh('error-catalog', 'errors');
    } catch (error) {
      setTold(error as Error);
    }
  };
  const open = async (file: File | undefined) => {
    if (!file) return;
    change(setText)(await file.text());
    setFormat(formatOf(file.name) ?? format);
  };
  return (
    <Panel title={t('import')}>
      <div class="row">
        <input type="file" class="input" aria-label={t('file')} accept=".proto,.java,.csv,.toml" onChange={(event) => void open(event.currentTarget.files?.[0])} />
        <Segments label={t('format')} value={format} options={FORMATS.map((one) => [one, one] as const)} onChange={change(setFormat)} />
        <input class="input" style={{ flex: '1 1 220px' }} aria-label={t('service')} placeholder={t('service')} value={service} onInput={(event) => change(setService)(event.currentTarget.value)} />
      </div>
      <textarea class="input mono" style={{ width: '100%', height: '150px', marginTop: '10px' }} aria-label={t('text')} placeholder={t('text')} value={text} onInput={(event) => change(setText)(event.currentTarget.value)} />
      <div class="row" style={{ marginTop: '10px' }}>
        <button class="btn primary" disabled={text.trim() === ''} onClick={() => void take(true)}>
          {t('check')}
        </button>
        <button class="btn" disabled={!(told && !(told instanceof Error) && told.dry_run)} onClick={() => void take(false)}>
          {t('take')}
        </button>
        <label class="row tight">
          <input type="checkbox" checked={replace} onChange={(event) => change(setReplace)(event.currentTarget.checked)} /> {t('replace')}
        </label>
      </div>
      {told instanceof Error && <Failure error={told} route="error-catalog:import" />}
      {told && !(told instanceof Error) && <Told of={told} />}
    </Panel>
  );
}

function Conflict({ of }: { of: ErrorCatalogConflict }) {
  return (
    <li class="row small">
      <span class="faint">{t('line', { n: of.line })}</span>
      <code class="strong">{of.code}</code>
      <code>{of.field}</code>
      <span class="cut">
        {of.kept} <span class="faint">≠ {of.refused}</span>
      </span>
    </li>
  );
}

function Told({ of }: { of: ErrorCatalogImported }) {
  const { added, completed, replaced, unchanged } = of;
  const amounts = { added: count(added), completed: count(completed), replaced: count(replaced), unchanged: count(unchanged) };
  return (
    <div role="status" style={{ marginTop: '10px' }}>
      <p>{t(of.dry_run ? 'would' : 'did', amounts)}</p>
      {of.conflicts_total > 0 && (
        <>
          <p class="faint">{t('conflicts', { n: of.conflicts_total })}</p>
          <ul class="plain-list">
            {of.conflicts.slice(0, SHOWN).map((one) => (
              <Conflict key={`${one.line} ${one.field}`} of={one} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
