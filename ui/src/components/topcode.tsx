// The most frequent error code of a row, on the way to its page.
import { count } from '../base/format';
import { link } from '../base/url';
import { codeName } from './codename';

export function TopCode({ of }: { of: { code: string; count: number }[] }) {
  const [first] = of;
  if (first === undefined) return null;
  return (
    <a class="mono nowrap code-cell cut" href={link('/errors', { code: first.code })} title={`${first.code} ${count(first.count)}`}>
      {codeName(first.code)}
    </a>
  );
}
