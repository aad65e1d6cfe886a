// The dashboard in a real browser, against a real server that lives the demo:
//
//   node e2e/run.mjs BINARY [--shots] [--only=breakers,flows]    starts the binary with the seeded demo
//   node e2e/run.mjs http://127.0.0.1:4319 http://127.0.0.1:4318  looks at a server that runs
//
// With --shots it keeps pictures in e2e/shots. With --dist it looks at ui/dist (`npm run build`) instead of what the binary has in it. Without a Chromium it says SKIPPED and ends well.
import { findChromium, open } from './browser.mjs';
import { damage } from './damage.mjs';
import { inFrontOf } from './dist.mjs';
import { EVIL, sendEvil } from './evil.mjs';
import { firstMinute } from './first.mjs';
import { flows } from './flows.mjs';
import { lookAtAll, lookSmall, pages, shots } from './pages.mjs';
import { json, start, until } from './server.mjs';

const words = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const keep = process.argv.includes('--shots');
const dist = process.argv.includes('--dist');
const only = process.argv.find((one) => one.startsWith('--only='))?.slice(7).split(',');
if (words.length === 0) {
  console.error('usage: node e2e/run.mjs BINARY | API OTLP  [--shots] [--dist] [--only=PAGE,…]');
  process.exit(64);
}

const chromium = findChromium();
if (!chromium) {
  console.error('SKIPPED: the tests in a browser need Chromium, and there is none (FUSEBOX_CHROMIUM names one)');
  process.exit(0);
}

const problems = {
  found: new Set(),
  /** What was looked at, and what of it was not right. */
  looked: new Set(),
  failed: new Set(),
  push(text, where) {
    if (!this.found.has(text)) console.error(text);
    this.found.add(text);
    this.looked.add(where);
    this.failed.add(where);
  },
};
const begun = Date.now();
const step = (text) => console.log(`${text} (${Math.round((Date.now() - begun) / 1000)}s)`);
const server = await shown(words[0].startsWith('http') ? { api: words[0], otlp: words[1] ?? 'http://127.0.0.1:4318', stop: async () => undefined } : await start(words[0]));
try {
  const evil = { ...(await sendEvil(server.otlp)), service: EVIL, code: `exc:${EVIL}` };
  // What the shop lived before it opened is there at once; a breaker opened in it.
  const trip = await until('a breaker of the demo tripped', () => json(`${server.api}/api/v1/breakers?range=15m&tripped=true&sort=trips`), (answer) => answer.breakers.some(shops));
  const row = trip.breakers.find(shops);
  const failed = await until('a trace of the demo failed', () => json(`${server.api}/api/v1/traces?q=status:error AND service:storefront&range=15m&sort=spans&limit=1`), (answer) => answer.traces.length > 0);
  await until('a code of the shop occurred', () => json(`${server.api}/api/v1/errors/codes?range=15m&q=5001003`), (answer) => answer.codes.length > 0);
  const all = pages({ trace: failed.traces[0].trace_id, evil, breaker: row.id, trip: row.last_trip.opened.time, code: '5001003', service: 'storefront' });
  step('the demo has what is looked at');
  const routes = Object.keys((await json(`${server.api}/api/openapi.json`)).paths).map((path) => path.split('/')[3]);
  const browser = await open(chromium, problems, (url) => routes.includes(new URL(url).pathname.split('/api/v1/')[1]?.split('/')[0]));
  try {
    await lookAtAll(browser, server.api, only ? Object.fromEntries(Object.entries(all).filter(([name]) => only.includes(name))) : all, { keep });
    step(`${Object.keys(all).length} pages, two languages, two themes`);
    if (!only || only.includes('flows')) {
      await flows(browser, server, { failed: failed.traces[0].trace_id, row });
      step('flows');
    }
    if ((!only || only.includes('damage')) && !words[0].startsWith('http')) {
      await damage(browser, words[0], shown, { keep, shots });
      step('a damaged file');
    }
    if (!only) {
      await lookSmall(browser, server.api, all, keep);
      step('small screen');
      if (!words[0].startsWith('http')) await firstMinute(browser, words[0], shown);
      step('the first minute');
    }
  } finally {
    await browser.close();
  }
} finally {
  await server.stop();
}
console.log(`${problems.looked.size - problems.failed.size} passed, ${problems.failed.size} failed`);
process.exit(problems.found.size ? 1 : 0);

/** Not the one that the test itself sent. */
function shops(row) {
  return row.last_trip !== null && row.service !== EVIL;
}

/** The server, behind the dashboard that is looked at. */
async function shown(server) {
  if (!dist) return server;
  const door = await inFrontOf(server.api);
  return { ...server, api: door.api, stop: async () => (door.stop(), await server.stop()) };
}
