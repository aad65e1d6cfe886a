import { expect, it } from 'vitest';
import { codeName } from './codename';

it('codes are read as people say them', () => {
  const check = (code: string, expected: string) => expect(codeName(code)).toBe(expected);
  check('5001003', '5001003');
  check('INSUFFICIENT_STOCK', 'INSUFFICIENT_STOCK');
  check('http:503', 'HTTP 503');
  check('grpc:DEADLINE_EXCEEDED', 'gRPC DEADLINE_EXCEEDED');
  check('exc:com.shop.charge.CardDeclinedException', 'CardDeclinedException');
  check('exc:*pgconn.PgError', '*pgconn.PgError');
  check('exc:Error.', 'Error.');
  check('msg:2e0581d19acf4de1', 'no code');
  check('http:', 'http:');
});
