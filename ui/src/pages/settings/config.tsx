// The configuration that holds, and where each value is from.
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import type { Configuration, Setting } from '../../base/schema';
import { valueText } from '../../components/attributes';
import { Panel, Table } from '../../components/parts';
import { Loaded } from '../../components/states';

const t = texts({
  title: ['Configuration that holds', '生效的配置'],
  key: ['Setting', '配置项'],
  value: ['Value', '值'],
  origin: ['Comes from', '来源'],
  default: ['default', '默认值'],
  file: ['file', '配置文件'],
  environment: ['environment', '环境变量'],
  flag: ['flag', '命令行参数'],
});

type Origin = 'default' | 'file' | 'environment' | 'flag';

export function ServerConfig() {
  const answer = useGet<Configuration>('config');
  return (
    <Panel title={t('title')} flush>
      <Loaded answer={answer} route="config">
        {(data) => (
          <Table
            label={t('title')}
            keyOf={(row: Setting) => row.key}
            rows={data.settings}
            columns={[
              { key: 'key', title: t('key'), cell: (row) => <code>{row.key}</code> },
              { key: 'value', title: t('value'), wide: true, cell: (row) => <code class={row.origin === 'default' ? 'faint' : 'strong'}>{valueText(row.value)}</code> },
              { key: 'origin', title: t('origin'), cell: (row) => <Source of={row} /> },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Source({ of }: { of: Setting }) {
  if (of.origin === 'default') return <span class="faint">{t('default')}</span>;
  return (
    <span class="nowrap">
      <span class="badge">{t(of.origin as Origin)}</span> <code>{of.source}</code>
    </span>
  );
}
