import { expect, it } from 'vitest';
import { offers } from './sqlwords';

const SCHEMA = { spans: ['service_name', 'duration_ns'], logs: ['body', 'severity_number'] };
const labels = (text: string, schema = SCHEMA) => {
  const before = text.split('|')[0]!;
  return offers(text.replace('|', ''), before, schema)?.list.map((one) => one.label) ?? null;
};

it.each<[string, string[] | null]>([
  // After a dot: columns of the table, or of what it is called here.
  ['SELECT spans.| FROM spans', SCHEMA.spans],
  ['SELECT l.bo| FROM spans s JOIN logs AS l ON true', SCHEMA.logs],
  ['SELECT nobody.| FROM spans', null],
  // Where only a table can stand.
  ['SELECT * FROM s|', ['spans', 'logs']],
  ['SELECT * FROM spans JOIN l|', ['spans', 'logs']],
  // Nothing is said where nothing was begun, and within texts and comments.
  ['SELECT |', null],
  ["SELECT 'fr|", null],
  ['SELECT "se|', null],
  ['SELECT 1 -- fr|', null],
  ['SELECT 1 /* fr|', null],
])('%s', (text, expected) => expect(labels(text)).toEqual(expected));

it('columns of the tables that are read come first', () => {
  const found = labels('SELECT s| FROM spans')!;
  expect(found.slice(0, 2)).toEqual(SCHEMA.spans);
  expect(found).not.toContain('body');
  expect(found).toContain('SELECT');
  expect(found).toContain('sum');
});

it('goes on after a text that is closed, with a quote in it', () => {
  expect(labels("SELECT 'it''s', s| FROM spans")).toContain('service_name');
});

it('a word that is no alias is none', () => {
  expect(labels('SELECT where.| FROM spans where true')).toBeNull();
});
