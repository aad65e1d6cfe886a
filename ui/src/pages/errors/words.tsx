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
