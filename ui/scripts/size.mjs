// How much a browser has to load, compressed. Says what is over its budget.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const size = (name) => statSync(`${dist}assets/${name}.gz`).size / 1024;
const files = readdirSync(`${dist}assets`).filter((name) => /\.(js|css)$/.test(name));
const index = readFileSync(`${dist}index.html`, 'utf8');
// What the page loads before anything is asked for: its script, and what that imports without waiting.
const first = new Set();
const walk = (name) => {
  if (first.has(name)) return;
  first.add(name);
  for (const [, next] of readFileSync(`${dist}assets/${name}`, 'utf8').matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) walk(next);
};
for (const [, name] of index.matchAll(/assets\/([^"]+\.js)"/g)) walk(name);
const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);
const js = files.filter((name) => name.endsWith('.js'));
const BUDGETS = [
  ['initial JS', sum(first), 120],
  ['all JS', sum(js), 300],
  ['CSS', sum(files.filter((name) => name.endsWith('.css'))), 15],
  ['largest lazy part', Math.max(0, ...js.filter((name) => !first.has(name)).map(size)), 130],
];
let over = false;
for (const [name, found, budget] of BUDGETS) {
  over ||= found > budget;
  console.log(`${name.padEnd(18)} ${found.toFixed(1).padStart(6)} KB gz of ${budget}${found > budget ? '  over' : ''}`);
}
process.exit(over || first.size === 0 ? 1 : 0);
