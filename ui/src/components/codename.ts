// Codes in the words of people. What the server tells apart as `exc:com.shop.CardDeclined` is read as CardDeclined.
import { texts } from '../base/i18n';

const t = texts({
  none: ['no code', '无错误码'],
});

/** For a place that names many: short, never empty. The whole code belongs into its title. */
export function codeName(code: string): string {
  const [, kind, rest] = /^(http|grpc|exc|msg):(.+)$/s.exec(code) ?? [];
  if (kind === 'http') return `HTTP ${rest}`;
  if (kind === 'grpc') return `gRPC ${rest}`;
  // Told apart by a hash of their message, which says nothing.
  if (kind === 'msg') return t('none');
  if (kind === 'exc') return /^[\w.$]+$/.test(rest!) ? rest!.split('.').at(-1) || rest! : rest!;
  return code;
}
