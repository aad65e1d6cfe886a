// Chromium, and pages that know when they have settled and what went wrong in them.
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PATIENCE } from './server.mjs';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
const axe = readFileSync(fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url)), 'utf8');

/** `FUSEBOX_CHROMIUM`, or the first of the usual names on the PATH. */
export function findChromium() {
  if (process.env.FUSEBOX_CHROMIUM) return process.env.FUSEBOX_CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // The next one.
      }
    }
  }
  return null;
}

/** `offers` says whether the server has a route; a page says by itself that it has not. */
export async function open(executablePath, problems, offers = () => true) {
  const profile = mkdtempSync(join(tmpdir(), 'fusebox-chromium-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: FLAGS, viewport: { width: 1440, height: 900 }, timeout: PATIENCE });
  context.setDefaultTimeout(PATIENCE);
  return {
    context,
    tab: () => tab(context, problems, offers),
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** A page that collects what goes wrong in it, under the name of what it shows. */
async function tab(context, problems, offers) {
  const page = await context.newPage();
  const asked = new Set();
  const counts = (request) => request.url().includes('/api/v1/') && !request.url().includes('/stream/');
  page.on('request', (request) => counts(request) && asked.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => asked.delete(request));
  const it = {
    page,
    where: '',
    wrong: (text) => problems.push(`${it.where}: ${text}`, it.where),
    check: (claim, text) => claim || it.wrong(text),
    /** From here on it looks at this. */
    at(where) {
      it.where = where;
      problems.looked?.add(where);
    },
    /** Goes to a page and waits until its answers are there. */
    async go(url) {
      await page.goto(url);
      await page.waitForSelector('main :is(h1, h2)').catch(() => it.wrong('nothing is shown'));
      await it.settled();
    },
    async settled() {
      const begun = Date.now();
      let calm = 0;
      while (calm < 2) {
        const still = asked.size === 0 && (await page.evaluate(() => document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(!document.querySelector('.skeleton, [aria-busy=true]'))))))));
        calm = still ? calm + 1 : 0;
        if (!still) await new Promise((done) => setTimeout(done, 30));
        if (Date.now() - begun > PATIENCE) return it.wrong(`does not settle: ${[...asked].map((request) => request.url()).join(' ') || 'something is loading'}`);
      }
    },
    /** What axe finds; all rules, or those of contrast alone. */
    async axe(only) {
      await page.evaluate(axe);
      const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules ? { type: 'rule', values: rules } : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }, resultTypes: ['violations'] }), only);
      for (const one of found.violations) it.wrong(`axe ${one.id}: ${one.nodes.slice(0, 2).map((node) => `${node.target.join(' ')} ${node.failureSummary?.split('\n')[1] ?? ''}`).join(' | ')}`);
    },
  };
  page.on('pageerror', (error) => it.wrong(error.message));
  page.on('console', (message) => {
    const { url } = message.location();
    if (message.type() === 'error' && !(/status of 404/.test(message.text()) && !offers(url))) it.wrong(`console: ${message.text()} (${url})`);
  });
  page.on('response', (response) => response.status() >= 500 && it.wrong(`${response.status()} of ${response.url()}`));
  return it;
}
