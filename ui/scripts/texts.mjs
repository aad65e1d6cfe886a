// Every text people read is there in English and Chinese, with the same placeholders; no page has a raw text in its markup.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const source = fileURLToPath(new URL('../src/', import.meta.url));
const READ = new Set(['title', 'label', 'placeholder', 'aria-label', 'alt']);
/** Names and signs that are the same in every language. */
const SAME = /^(English|中文|UTC|SQL|JSON|CSV|Fusebox|p\d\d|Span|null|\/s( ·)?|[a-z]|Ctrl [K⏎]|[^\p{L}]*)$/u;
const wrong = [];
let count = 0;

for (const file of readdirSync(source, { recursive: true })) {
  if (!/\.tsx?$/.test(file) || file.includes('.test.')) continue;
  const tree = ts.createSourceFile(file, readFileSync(join(source, file), 'utf8'), ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const at = (node) => `${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'texts' && node.arguments[0] && ts.isObjectLiteralExpression(node.arguments[0])) {
      for (const property of node.arguments[0].properties) dictionary(property, at(property));
      // Keys that nobody says are left behind by something.
      const name = node.parent.name?.getText();
      if (name === 't') for (const property of node.arguments[0].properties) unused(tree.text, property, at(property));
    }
    if (ts.isJsxText(node) && !SAME.test(node.text.trim())) wrong.push(`${at(node)}: raw text ${JSON.stringify(node.text.trim())}`);
    if (ts.isJsxAttribute(node) && READ.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && !SAME.test(node.initializer.text)) wrong.push(`${at(node)}: raw text ${JSON.stringify(node.initializer.text)}`);
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

function dictionary(property, where) {
  count++;
  const pair = property.initializer?.elements?.map((one) => one.text);
  if (pair?.length !== 2 || pair.some((text) => !text)) {
    wrong.push(`${where}: a text needs English and Chinese`);
    return;
  }
  const [en, zh] = pair;
  const names = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort().join();
  if (names(en) !== names(zh)) wrong.push(`${where}: placeholders differ: {${names(en)}} and {${names(zh)}}`);
  if (en === zh && !SAME.test(en)) wrong.push(`${where}: not translated: ${en}`);
  if (/\p{Script=Han}/u.test(en) && !SAME.test(en)) wrong.push(`${where}: Chinese in the English text`);
}

function unused(text, property, where) {
  const key = property.name.getText().replaceAll("'", '');
  if (text.split(new RegExp(`\\b${key}\\b`)).length <= 2 && !/t\((`|[a-z_.]+(\.[a-z_]+)*( as|\)|,))/i.test(text)) wrong.push(`${where}: nobody says ${key}`);
}

if (count < 100) wrong.push(`only ${count} texts were found: the check is blind`);
for (const one of wrong) console.error(one);
process.exit(wrong.length ? 1 : 0);
