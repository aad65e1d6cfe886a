// base < model < components < pages: each imports only from its left, and no page another page.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/', import.meta.url));
const ORDER = ['base', 'model', 'components', 'pages'];
const wrong = [];
let seen = 0;
for (const file of readdirSync(source, { recursive: true })) {
  const [room, page] = file.split('/');
  if (!/\.tsx?$/.test(file) || !ORDER.includes(room)) continue;
  const text = readFileSync(join(source, file), 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
    seen++;
    const [other, otherPage] = relative(source, resolve(dirname(join(source, file)), target)).split('/');
    if (!ORDER.includes(other)) continue;
    if (ORDER.indexOf(other) > ORDER.indexOf(room)) wrong.push(`${file}: ${room} must not import ${other} (${target})`);
    // The frame of all pages knows them; a page knows none.
    if (room === 'pages' && other === 'pages' && page !== otherPage && file !== 'pages/app.tsx') wrong.push(`${file}: no page imports a page (${target})`);
  }
}
if (seen === 0) wrong.push('no import was found: the check is blind');
for (const one of wrong) console.error(one);
process.exit(wrong.length ? 1 : 0);
