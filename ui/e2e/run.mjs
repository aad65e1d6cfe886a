// The dashboard in a real browser, against a real server that has data of the demo:
//
//   node e2e/run.mjs http://127.0.0.1:4319 http://127.0.0.1:4318 [--shots]
//
// Looks at every page in both languages and both themes: no error in the console, no violation that axe knows, no text from data that runs.
// With --shots it keeps pictures in e2e/shots.
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { pretend } from './pretend.mjs';

const [api = 'http://127.0.0.1:4319', otlp = 'http://127.0.0.1:4318'] = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const shots = process.argv.includes('--shots');
const only = process.argv.find((one) => one.startsWith('--only='))?.slice(7);
const folder = fileURLToPath(new URL('shots/', import.meta.url));
mkdirSync(folder, { recursive: true });
const axe = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');
const EVIL = '<img src=x onerror="window.pwned=1">';
const problems = [];
const check = (claim, text) => claim || problems.push(text);

const hex = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((one) => one.toString(16).padStart(2, '0')).join('');

/** A trace whose every text is a script. */
async function sendEvil() {
  const now = BigInt(Date.now()) * 1_000_000n;
  const [traceId, spanId] = [hex(16), hex(8)];
  const attributes = [{ key: EVIL, value: { stringValue: EVIL } }, { key: 'biz.code', value: { stringValue: EVIL } }];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: EVIL } }] };
  const span = { traceId, spanId, name: EVIL, kind: 2, startTimeUnixNano: String(now - 90_000_000n), endTimeUnixNano: String(now), attributes, status: { code: 2, message: EVIL }, events: [{ timeUnixNano: String(now), name: EVIL, attributes }] };
  const log = { timeUnixNano: String(now), severityNumber: 17, body: { stringValue: EVIL }, attributes, traceId, spanId };
  const send = (path, body) => fetch(`${otlp}/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answers = [await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }), await send('logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [log] }] }] })];
  check(answers.every((answer) => answer.ok), 'the trace of scripts was not taken');
  return { traceId, spanId };
}

const evil = await sendEvil();
const failed = await (await fetch(`${api}/api/v1/traces?q=status:error&range=6h&sort=spans&limit=1`)).json();
const trace = failed.traces[0]?.trace_id ?? evil.traceId;
const PAGES = {
  overview: '/',
  services: '/services',
  service: '/services/storefront',
  map: '/map',
  breakers: '/breakers?range=1h',
  wall: '/breakers?range=1h&wall=1',
  trip: '/breakers?range=1h&breaker=b0&trip=2026-01-01T00:00:00Z',
  breakers_table: '/breakers?range=1h&view=table&breaker=b0',
  limits: '/breakers?range=1h&view=limits',
  errors: '/errors?range=1h',
  code: '/errors?range=1h&code=5001003',
  traces: '/traces?range=1h',
  trace: `/traces/${trace}?critical=1`,
  trace_table: `/traces/${trace}?tab=table`,
  trace_logs: `/traces/${trace}?tab=logs`,
  evil: `/traces/${evil.traceId}?span=${evil.spanId}`,
  evil_logs: '/logs?range=5m&q=onerror',
  logs: '/logs?range=15m',
  patterns: '/logs?range=15m&tab=patterns',
  tail: '/logs?tab=live',
  metrics: '/explore/metrics',
  sql: '/sql?sql=SELECT service_name, count(*) AS spans FROM spans GROUP BY 1 ORDER BY 2 DESC',
  status: '/status',
  settings: '/settings',
  layouts: '/settings?tab=layouts',
  send: '/settings?tab=send',
  nowhere: '/nowhere',
};

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'fusebox-e2e-')), { executablePath: process.env.FUSEBOX_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: flags, viewport: { width: 1440, height: 900 }, bypassCSP: false });
const page = await context.newPage();
// Endpoints that this server does not have are pretended; it is asked once which.
const known = new Set(Object.keys((await (await fetch(`${api}/api/openapi.json`)).json()).paths).map((path) => path.split('/')[3]));
await page.route('**/api/v1/**', async (route) => {
  const path = decodeURIComponent(new URL(route.request().url()).pathname.split('/api/v1/')[1]);
  const made = known.has(path.split('/')[0]) ? null : pretend(path);
  if (made) await route.fulfill({ json: made });
  else await route.continue();
});
let where = '';
page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`));
page.on('console', (message) => {
  // What an endpoint does not offer is said on the page; the browser says it here, too.
  if (message.type() === 'error' && !/status of 404/.test(message.text())) problems.push(`${where}: ${message.text()}`);
});
const looks = [
  ['en', 'light'],
  ['zh', 'dark'],
];
for (const [language, theme] of looks) {
  await page.goto(api);
  await page.evaluate(([one, other]) => (localStorage.setItem('fusebox.language', one), localStorage.setItem('fusebox.theme', other)), [language, theme]);
  for (const [name, path] of Object.entries(PAGES)) {
    if (only && !only.split(',').includes(name)) continue;
    where = `${name} ${language} ${theme}`;
    await page.goto(api + path);
    await page.waitForSelector('main h1, main h2', { timeout: 15_000 }).catch(() => problems.push(`${where}: nothing is shown`));
    await page.waitForTimeout(name === 'sql' || name === 'tail' ? 1500 : 900);
    if (shots) await page.screenshot({ path: join(folder, `${name}-${language}-${theme}.png`) });
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'], resultTypes: ['violations'] }));
    for (const one of found.violations) problems.push(`${where}: axe ${one.id}: ${one.nodes.slice(0, 2).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
    check(!(await page.evaluate(() => globalThis.pwned)), `${where}: a text of the data ran as a script`);
  }
}

where = 'flows';
await page.evaluate(() => localStorage.setItem('fusebox.language', 'en'));
await page.goto(`${api}/traces?range=6h`);
await page.keyboard.press('Control+k');
await page.fill('dialog input', trace);
await page.keyboard.press('Enter');
await page.waitForURL(`**/traces/${trace}*`).catch(() => problems.push('the palette does not open a pasted trace id'));
await page.waitForSelector('.wf-row:not([hidden])');
await page.keyboard.press('e');
await page.waitForSelector('.drawer').catch(() => problems.push('`e` does not go to an error'));
const shared = page.url();
await page.goto('about:blank');
await page.goto(shared);
await page.waitForSelector('.drawer').catch(() => problems.push('a shared link does not open the same span'));
await page.goBack();
await page.goto(`${api}/traces?range=6h`);
await page.waitForSelector('main h1');
await page.keyboard.press('?');
await page.waitForSelector('dialog .sheet').catch(() => problems.push('`?` shows no sheet'));
await page.keyboard.press('Escape');
await page.keyboard.press('g');
await page.keyboard.press('l');
await page.waitForURL('**/logs*').catch(() => problems.push('`g l` does not go to the logs'));
await page.setViewportSize({ width: 390, height: 800 });
for (const name of ['overview', 'breakers', 'trace', 'logs']) {
  await page.goto(api + PAGES[name]);
  await page.waitForTimeout(700);
  if (shots) await page.screenshot({ path: join(folder, `${name}-small.png`) });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(wide <= 0, `${name} is ${wide} px wider than a small screen`);
}
await context.close();
for (const one of [...new Set(problems)]) console.error(one);
console.log(problems.length ? `${problems.length} problems` : `${Object.keys(PAGES).length} pages are well in ${looks.length} looks`);
process.exit(problems.length ? 1 : 0);
