// Severity numbers of OpenTelemetry as six names.

export type Severity = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'unspecified';

const NAMES: Severity[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export function severityOf(number: number): Severity {
  return number < 1 || number > 24 ? 'unspecified' : NAMES[Math.floor((number - 1) / 4)]!;
}

/** Most severe last, so that it stands on top of a stack. */
export const SEVERITIES: Severity[] = ['unspecified', ...NAMES];

export const SEVERITY_COLOURS: Record<Severity, string> = {
  unspecified: '--unknown',
  trace: '--unknown',
  debug: '--closed',
  info: '--s0',
  warn: '--warn-mark',
  error: '--open',
  fatal: '--forced',
};

export function isSeverity(text: string): text is Severity {
  return text in SEVERITY_COLOURS;
}
