// Types of the API from the checked-in description, before every build and check: src/base/schema.ts is never edited and never committed,
// so it cannot drift; `tsc` says when a page uses what the API no longer offers.
import { readFileSync, writeFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(new URL('../../query/openapi.json', import.meta.url), 'utf8'));

const PRIMITIVES = { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' };

function type(schema) {
  if (schema === undefined || schema === true || Object.keys(schema).length === 0) return 'unknown';
  if (schema === false) return 'never';
  if (schema.$ref) return name(schema.$ref.split('/').at(-1));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.oneOf || schema.anyOf) return (schema.oneOf ?? schema.anyOf).map(type).join(' | ');
  if (schema.allOf) return schema.allOf.map((part) => `(${type(part)})`).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one })).join(' | ');
  if (schema.type === 'array') {
    if (schema.prefixItems) return `[${schema.prefixItems.map(type).join(', ')}]`;
    return `Array<${type(schema.items)}>`;
  }
  if (schema.type === 'object' || schema.properties) return object(schema);
  return PRIMITIVES[schema.type] ?? 'unknown';
}

function object(schema) {
  const required = new Set(schema.required ?? []);
  const members = Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const doc = value.description ? `  /** ${value.description.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n` : '';
    return `${doc}  ${JSON.stringify(key)}${required.has(key) ? '' : '?'}: ${type(value)};`;
  });
  if (members.length === 0) {
    const values = schema.additionalProperties;
    return `Record<string, ${values && values !== true ? type(values) : 'unknown'}>`;
  }
  return `{\n${members.join('\n')}\n}`;
}

function name(text) {
  return text.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

const types = Object.entries(document.components.schemas).map(([key, schema]) => {
  const doc = schema.description ? `/** ${schema.description.replaceAll('*/', '* /').replaceAll('\n', ' ')} */\n` : '';
  return `${doc}export type ${name(key)} = ${type(schema)};`;
});
const routes = Object.keys(document.paths).map((path) => `  | ${JSON.stringify(path)}`);
const text = `// Made by scripts/types.mjs from query/openapi.json.\n\n${types.join('\n\n')}\n\n/** Every path of the API. */\nexport type Route =\n${routes.join('\n')};\n`;
writeFileSync(new URL('../src/base/schema.ts', import.meta.url), text);
