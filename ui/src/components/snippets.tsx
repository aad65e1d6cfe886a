// How to send data here, by language.
import { useState } from 'preact/hooks';
import { texts } from '../base/i18n';
import type { Status } from '../base/schema';
import { SNIPPETS, reachable } from '../model/snippets';
import { address } from '../model/status';
import { CopyButton, Tabs } from './parts';

const t = texts({ title: ['How to send data', '接入方式'] });

export function Snippets({ status }: { status: Status | undefined }) {
  const [chosen, setChosen] = useState('env');
  const host = globalThis.location?.hostname ?? '127.0.0.1';
  const text = SNIPPETS.find((one) => one.id === chosen)!.lines({ grpc: reachable(address(status, 'otlp_grpc'), host), http: reachable(address(status, 'otlp_http'), host) });
  return (
    <div class="snippets">
      <Tabs label={t('title')} value={chosen} tabs={SNIPPETS.map((one) => [one.id, one.name] as const)} onChange={setChosen} />
      <div class="snippet">
        <pre tabIndex={0}>{text}</pre>
        <CopyButton text={text} />
      </div>
    </div>
  );
}
