// A file of a server of its own is damaged: the status page says which, what it held, and what to do.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { english } from './pages.mjs';
import { json, startEmpty, until } from './server.mjs';

export async function damage(browser, binary, shown, { keep, shots }) {
  const server = await shown(await startEmpty(binary));
  const tab = await browser.tab();
  try {
    tab.at('damage');
    await english(tab, server.api);
    await send(server.otlp);
    await flip(await firstBlock(server.api));
    await fetch(`${server.api}/api/v1/logs?range=1h`);
    await json(`${server.api}/api/v1/admin/compact`, CHANGE);
    await until('the damage is known', () => json(`${server.api}/api/v1/status`), (status) => status.storage.damaged_blocks === 1);
    await tab.go(`${server.api}/status`);
    await tab.page.waitForSelector('table[aria-label="Damaged blocks"] tr:has-text("logs")');
    tab.check((await tab.page.textContent('.damaged')).includes('fusebox verify'), 'does not say what to do');
    if (keep) await tab.page.screenshot({ path: join(shots, 'damage.png') });
    await tab.axe();
  } catch (error) {
    tab.wrong(error.message.split('\n').slice(0, 2).join(' '));
  } finally {
    await tab.page.close();
    await server.stop();
  }
}

/** Whatever changes something is asked for in JSON. */
const CHANGE = { method: 'POST', headers: { 'content-type': 'application/json' } };

/** Log records, each another text, so that the file has some length. */
async function send(otlp) {
  const record = (nth) => ({ timeUnixNano: `${Date.now()}000000`, severityNumber: 9, body: { stringValue: `line ${nth} ${Math.sin(nth)}` } });
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'pay' } }] };
  const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: Array.from({ length: 5000 }, (_, nth) => record(nth)) }] }] });
  await json(`${otlp}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

/** The path of the first block of logs, once there is one. */
async function firstBlock(api) {
  const { data_dir } = await json(`${api}/api/v1/status`);
  await json(`${api}/api/v1/admin/flush`, CHANGE);
  const folder = join(data_dir, 'data', '1', 'logs');
  const blocks = await until('a block of logs is written', async () => readdirSync(folder).filter((name) => name.endsWith('.parquet')), (names) => names.length > 0);
  return join(folder, blocks[0]);
}

function flip(path) {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 0xff;
  writeFileSync(path, bytes);
}
