// The configuration that holds, and where each value is from.
import { texts } from '../../base/i18n';
import { useGet } from '../../base/query';
import { Panel } from '../../components/parts';
import { Loaded } from '../../components/states';
import { Attributes } from '../../components/attributes';

const t = texts({ title: ['Configuration that holds', '生效的配置'], none: ['none', '无'] });

export function ServerConfig() {
  const answer = useGet<Record<string, unknown>>('config');
  return (
    <Panel title={t('title')}>
      <Loaded answer={answer} route="config">
        {(data) => <Attributes of={data} none={t('none')} />}
      </Loaded>
    </Panel>
  );
}
