// Words of the server in the language of the reader.
import { texts } from '../../base/i18n';

const t = texts({
  new: ['new', '新出现'],
  spiking: ['spiking', '突增'],
  regressed: ['is back', '复发'],
  steady: ['steady', '平稳'],
  unknown: ['–', '–'],
});

const TONES: Record<string, string> = { new: 'accent', spiking: 'error', regressed: 'warn', steady: '', unknown: '' };

export function StatusBadge({ status }: { status: string }) {
  return <span class={`badge ${TONES[status] ?? ''}`}>{status in TONES ? t(status as 'new') : status}</span>;
}

export const CLASSES = ['business', 'system', 'dependency', 'client'] as const;
const classWord = texts({ business: ['business', '业务'], system: ['system', '系统'], dependency: ['dependency', '依赖'], client: ['client', '客户端'] });

export function className(of: string): string {
  return CLASSES.includes(of as 'client') ? classWord(of as 'client') : of;
}
