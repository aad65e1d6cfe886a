// The first minute of a new user: nothing is there, every page says so and what to do, and a test trace goes the whole way.

import { english } from './pages.mjs';
import { startEmpty } from './server.mjs';

const EMPTY = ['/services', '/map', '/breakers', '/breakers?view=limits', '/breakers?view=retries', '/breakers?view=coverage', '/errors', '/traces', '/logs', '/logs?tab=patterns', '/explore/metrics', '/sql', '/status'];

/** `shown`: the server, behind the dashboard that is looked at. */
export async function firstMinute(browser, binary, shown) {
  const server = await shown(await startEmpty(binary));
  const tab = await browser.tab();
  try {
    await english(tab, server.api);
    for (const path of EMPTY) {
      tab.at(`empty ${path}`);
      await tab.go(server.api + path);
      await tab.axe();
    }
    tab.at('first trace');
    await firstTrace(tab, server.api);
  } catch (error) {
    tab.wrong(error.message.split('\n').slice(0, 2).join(' '));
  } finally {
    await tab.page.close();
    await server.stop();
  }
}

async function firstTrace({ page, go, axe, check }, api) {
  await go(`${api}/`);
  check((await page.textContent('main h1')).includes('Waiting for the first data'), 'does not say that it waits');
  check((await page.textContent('main')).includes('OTEL_EXPORTER_OTLP_ENDPOINT'), 'does not say how to send');
  await axe();
  await page.click('button:has-text("Send a test trace")');
  await page.waitForSelector('h1:has-text("The first trace has arrived")');
  await page.click('a:has-text("Look at it")');
  await page.waitForURL('**/traces/**');
  await page.waitForSelector('.wf-row:not([hidden])');
}
