// Every page in both languages and both themes: nothing in the console, no violation that axe knows, no text of data that runs.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const shots = fileURLToPath(new URL('shots/', import.meta.url));

/** `known`: ids of what the server has. */
export function pages({ trace, evil, breaker, trip, code, service }) {
  const evilService = encodeURIComponent(evil.service);
  return {
    overview: '/',
    services: '/services',
    service: `/services/${service}`,
    service_instances: `/services/${service}?tab=instances`,
    evil_service: `/services/${evilService}?range=15m`,
    map: '/map?range=15m',
    breakers: '/breakers?range=15m',
    breaker: `/breakers?range=15m&breaker=${breaker}`,
    trip: `/breakers?range=15m&breaker=${breaker}&trip=${trip}`,
    breakers_table: `/breakers?range=15m&view=table&breaker=${breaker}`,
    wall: '/breakers?range=15m&wall=1',
    limits: '/breakers?range=15m&view=limits',
    retries: '/breakers?range=15m&view=retries',
    neighbours: `/services/${service}?range=15m&tab=neighbours`,
    coverage: '/breakers?range=15m&view=coverage',
    errors: '/errors?range=15m',
    code: `/errors?range=15m&code=${encodeURIComponent(code)}`,
    evil_code: `/errors?range=15m&code=${encodeURIComponent(evil.code)}`,
    traces: '/traces?range=15m',
    durations: '/traces?range=15m&chart=spans',
    trace: `/traces/${trace}?critical=1`,
    trace_table: `/traces/${trace}?tab=table`,
    trace_logs: `/traces/${trace}?tab=logs`,
    evil_trace: `/traces/${evil.traceId}?span=${evil.spanId}`,
    evil_logs: '/logs?range=15m&q=onerror',
    logs: '/logs?range=15m',
    patterns: '/logs?range=15m&tab=patterns',
    tail: '/logs?tab=live',
    metrics: '/explore/metrics',
    sql: '/sql?sql=SELECT service_name, count(*) AS spans FROM spans GROUP BY 1 ORDER BY 2 DESC',
    status: '/status',
    settings: '/settings',
    layouts: '/settings?tab=layouts',
    catalogue: '/settings?tab=catalogue',
    rules: '/settings?tab=rules',
    config: '/settings?tab=config',
    send: '/settings?tab=send',
    nowhere: '/nowhere',
  };
}

/** Two tabs share the work: one draws while the other waits for the server. */
export async function lookAtAll(browser, api, all, { keep, tabs = 2 }) {
  if (keep) mkdirSync(shots, { recursive: true });
  const queue = Object.entries(all);
  const worker = async () => {
    const tab = await browser.tab();
    await english(tab, api);
    for (let next = queue.shift(); next; next = queue.shift()) await lookAt(tab, api, next, keep);
    await tab.page.close();
  };
  await Promise.all(Array.from({ length: tabs }, worker));
}

/** From here on in English, and in the colours of the system. */
export async function english(tab, api) {
  await tab.page.goto(`${api}/nowhere`);
  await tab.page.evaluate(() => (localStorage.setItem('fusebox.language', 'en'), localStorage.setItem('fusebox.theme', 'auto')));
}

/** One page in both languages, each in both themes. A theme changes colours alone, so the second one is tried for contrast alone. */
async function lookAt(tab, api, [name, path], keep) {
  const { page } = tab;
  const look = async (language, theme, rules) => {
    tab.at(`${name} ${language} ${theme}`);
    await page.emulateMedia({ colorScheme: theme });
    await page.waitForFunction((shown) => document.documentElement.dataset.theme === shown, theme);
    if (keep && !rules) await page.screenshot({ path: join(shots, `${name}-${language}-${theme}.png`) });
    await tab.axe(rules);
  };
  const speak = (language) => page.evaluate((tag) => document.documentElement.lang.startsWith(tag) || document.querySelector('.top [lang]').click(), language);
  tab.at(name);
  try {
    await tab.go(api + path);
    await look('en', 'light');
    await look('en', 'dark', ['color-contrast']);
    await speak('zh');
    await tab.settled();
    await look('zh', 'dark');
    await look('zh', 'light', ['color-contrast']);
    tab.check(await page.evaluate(() => document.documentElement.lang === 'zh-CN'), 'does not become Chinese');
    tab.check(!(await page.evaluate(() => globalThis.pwned)), 'a text of the data ran as a script');
    await speak('en');
  } catch (error) {
    tab.wrong(error.message.split('\n')[0]);
  }
}

/** No page is wider than a small screen. */
export async function lookSmall(browser, api, all, keep) {
  const tab = await browser.tab();
  await tab.page.setViewportSize({ width: 390, height: 800 });
  for (const name of ['overview', 'services', 'service', 'map', 'breakers', 'trip', 'errors', 'code', 'traces', 'trace', 'logs', 'status']) {
    tab.at(`${name} small`);
    await tab.go(api + all[name]);
    if (keep) await tab.page.screenshot({ path: join(shots, `${name}-small.png`) });
    const over = await tab.page.evaluate(() => Math.max(document.documentElement.scrollWidth - innerWidth, document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth));
    tab.check(over <= 0, `${over} px wider than a small screen`);
  }
  await tab.page.close();
}
