// How codes are read, with a live test.
import { useState } from 'preact/hooks';
import { send } from '../../base/api';
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { Panel } from '../../components/parts';
import { Failure, Loaded } from '../../components/states';

const t = texts({
  layouts: ['Layouts, the first that fits reads a code', '规则（按顺序，首个匹配生效）'],
  test: ['Try a code', '试读错误码'],
  code: ['Code', '错误码'],
  service: ['Service', '服务'],
  read: ['Read it', '解析'],
  fixed: ['configuration', '配置文件'],
  changeable: ['overlay', '可修改'],
  reading: ['Reading', '解析方式'],
});

interface Layout {
  id: string;
  pattern: string;
  [more: string]: unknown;
}

interface Tested {
  code: string;
  reading: string;
  layouts: string[];
  parts: Record<string, string>;
  names: Record<string, string>;
}

export function Layouts() {
  const answer = useGet<{ layouts: Layout[]; changeable: string[] }>('settings/code-layouts');
  const [code, setCode] = useState('5001003');
  const [service, setService] = useState('');
  const [tested, setTested] = useState<Tested | Error | null>(null);
  const test = async () => {
    try {
      setTested(await send<Tested>('POST', 'settings/code-layouts:test', { code, service }));
    } catch (error) {
      setTested(error as Error);
    }
  };
  return (
    <>
      <Panel title={t('test')}>
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            void test();
          }}
        >
          <input class="input mono" aria-label={t('code')} value={code} onInput={(event) => setCode(event.currentTarget.value)} />
          <input class="input" aria-label={t('service')} placeholder={t('service')} value={service} onInput={(event) => setService(event.currentTarget.value)} />
          <button class="btn primary">{t('read')}</button>
        </form>
        {tested instanceof Error && <Failure error={tested} route="settings/code-layouts:test" />}
        {tested && !(tested instanceof Error) && (
          <dl class="kv" style={{ marginTop: '12px' }}>
            <dt>{t('reading')}</dt>
            <dd>
              {tested.reading} <span class="faint mono">{tested.layouts.join(', ')}</span>
            </dd>
            {Object.entries(tested.parts).map(([part, value]) => [
              <dt key={part}>{part}</dt>,
              <dd key={`${part} value`} class="mono">
                {value} <span class="faint">{tested.names[part]}</span>
              </dd>,
            ])}
          </dl>
        )}
      </Panel>
      <Panel title={t('layouts')}>
        <Loaded answer={answer} route="settings/code-layouts">
          {(data) => (
            <ul class="plain-list">
              {data.layouts.map((layout) => (
                <li key={layout.id} class="row" style={{ padding: '5px 0' }}>
                  <strong>{layout.id}</strong>
                  <span class="badge">{data.changeable.includes(layout.id) ? t('changeable') : t('fixed')}</span>
                  <code class="cut">{layout.pattern}</code>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </Panel>
    </>
  );
}
