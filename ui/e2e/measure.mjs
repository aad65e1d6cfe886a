// Figures for benches/RESULTS.md, against a server that runs:
//
//   node e2e/measure.mjs http://127.0.0.1:4319 http://127.0.0.1:4318 [--only=trace,lanes,pages]
//
// A trace of 50,000 spans (first rows, frames while scrolling), 200 breaker lanes of 100 changes (redraw, frames while scrolling), pages
// from an empty cache.
import { findChromium, open } from './browser.mjs';
import { json, until } from './server.mjs';

const [api, otlp] = process.argv.slice(2).filter((one) => !one.startsWith('--'));
const only = process.argv.find((one) => one.startsWith('--only='))?.slice(7).split(',');
const SPANS = 50_000;
const LANES = 200;
const CHANGES = 100;
const hex = (value, digits) => value.toString(16).padStart(digits, '0');
const quantile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];
const round = (value) => Math.round(value * 10) / 10;

const problems = new Set();
const browser = await open(findChromium(), { push: (text) => problems.add(text) });
const tab = await browser.tab();
const { page } = tab;
for (const [name, measure] of Object.entries({ trace, lanes, pages })) if (!only || only.includes(name)) await measure();
await browser.close();
for (const one of problems) console.error(one);

async function trace() {
  const id = await sendTrace();
  await until('the trace is whole', () => json(`${api}/api/v1/traces/${id}?format=columnar`), (answer) => answer.span_count === SPANS);
  const firsts = [];
  // The moment at which the frame with the first rows is out, as the page itself sees it: asking from outside takes longer than drawing.
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.wf-row')) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => (globalThis.rowsAt = performance.now())));
    }).observe(document, { childList: true, subtree: true });
  });
  for (let run = 0; run < 5; run++) {
    await page.goto('about:blank');
    await page.goto(`${api}/traces/${id}`, { waitUntil: 'commit' });
    firsts.push(await (await page.waitForFunction(() => globalThis.rowsAt)).jsonValue());
  }
  console.log(`trace of ${SPANS} spans, navigation to first rows: ${firsts.map(Math.round).join(', ')} ms`);
  await tab.settled();
  // All of them, not only the levels that are open at first.
  await page.click('.wf-head button:has-text("Expand all")');
  await scroll('scrolling all of it', '.waterfall', 3000);
}

async function lanes() {
  await page.route('**/api/v1/breakers?**', (route) => route.fulfill({ json: madeLanes() }));
  await tab.go(`${api}/breakers?range=1h&group=none`);
  // The page tells when it draws lanes; answers are at hand, so that no network is in the figures, and their times move on as in life.
  await page.evaluate((answer) => {
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
      clear.apply(this, box);
      if (this.canvas.matches('.lanes-canvas')) globalThis.drawn?.();
    };
    const asked = globalThis.fetch;
    globalThis.fetch = async (url, init) => {
      if (!String(url).includes('/api/v1/breakers?')) return asked(url, init);
      const end = BigInt(Date.now()) * 1_000_000n;
      return new Response(JSON.stringify({ ...answer, t0_ns: String(end - 3_600_000_000_000n), end_ns: String(end) }), { headers: { 'content-type': 'application/json' } });
    };
  }, madeLanes());
  await redraw('redraw when the panel changes its width', 'width');
  await redraw('redraw when a new answer arrives', 'answer');
  await scroll('scrolling them', '.lanes', 120);
  await page.unroute('**/api/v1/breakers?**');
}

async function pages() {
  const session = await browser.context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  for (const path of ['/', '/breakers', '/errors', '/services', '/traces', '/logs', '/status']) {
    const times = [];
    for (let run = 0; run < 5; run++) {
      await page.goto('about:blank');
      await page.goto(api + path, { waitUntil: 'commit' });
      await page.waitForSelector('main h1');
      times.push(await page.evaluate(() => performance.now()));
    }
    console.log(`${path} from an empty cache to its heading: p50 ${Math.round(quantile(times, 0.5))} max ${Math.round(Math.max(...times))} ms`);
  }
}

/** From `cause` until the frame with the lanes in it is out. */
async function redraw(what, cause) {
  const times = [];
  for (let run = 0; run < 20; run++) {
    times.push(
      await page.evaluate(
        async ([cause, run]) => {
          const begun = performance.now();
          await new Promise((done) => {
            globalThis.drawn = done;
            if (cause === 'answer') document.dispatchEvent(new KeyboardEvent('keydown', { key: 'r', bubbles: true }));
            else for (const canvas of document.querySelectorAll('.lanes-canvas')) canvas.style.width = `${900 + (run % 2)}px`;
          });
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          for (const canvas of document.querySelectorAll('.lanes-canvas')) canvas.getContext('2d').getImageData(0, 0, 1, 1);
          return performance.now() - begun;
        },
        [cause, run],
      ),
    );
  }
  console.log(`${LANES} lanes of ${CHANGES} changes, ${what}: p50 ${round(quantile(times, 0.5))} p95 ${round(quantile(times, 0.95))} ms`);
}

/** Whatever scrolls the element, by `px` a frame. */
async function scroll(what, selector, px) {
  const frames = await page.evaluate(
    ([selector, px]) =>
      new Promise((done) => {
        let box = document.querySelector(selector);
        while (box.scrollHeight <= box.clientHeight || getComputedStyle(box).overflowY === 'visible') box = box.parentElement;
        const times = [];
        let last = 0;
        const step = (now) => {
          if (last) times.push(now - last);
          last = now;
          box.scrollTop += px;
          if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) box.scrollTop = 0;
          if (times.length < 300) requestAnimationFrame(step);
          else done(times);
        };
        requestAnimationFrame(step);
      }),
    [selector, px],
  );
  console.log(`${what} by ${px} px a frame: p50 ${round(quantile(frames, 0.5))} p95 ${round(quantile(frames, 0.95))} max ${round(Math.max(...frames))} ms`);
}

async function sendTrace() {
  const traceId = hex(Date.now(), 16) + hex(Math.floor(Math.random() * 2 ** 48), 16);
  const begin = BigInt(Date.now() - 20_000) * 1_000_000n;
  const services = ['gateway', 'order', 'pay', 'stock', 'user', 'cart', 'search', 'ship'];
  const spans = services.map(() => []);
  for (let index = 0; index < SPANS; index++) {
    const parent = index === 0 ? '' : hex(Math.floor((index - 1) / 6) + 1, 16);
    const start = begin + BigInt(index * 300_000);
    spans[index % services.length].push({ traceId, spanId: hex(index + 1, 16), parentSpanId: parent, name: `step ${index % 97}`, kind: 1, startTimeUnixNano: String(start), endTimeUnixNano: String(start + BigInt(200_000 + (index % 50) * 100_000)), attributes: [{ key: 'index', value: { intValue: String(index) } }], status: index % 211 === 0 ? { code: 2 } : {} });
  }
  for (const [index, service] of services.entries()) await json(`${otlp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeSpans: [{ spans: spans[index] }] }] }) });
  return traceId;
}

function madeLanes() {
  const rows = Array.from({ length: LANES }, (_, index) => ({ id: `b${index}`, service: `service-${index}`, namespace: '', environment: '', name: `breaker ${index}`, framework: 'gobreaker', mechanism: 'breaker', operations: [], targets: [`target-${index % 20}`], aliases: [], state: 'closed', state_since: new Date().toISOString(), open_fraction: 0, instances: 3, trips: CHANGES / 3, trips_before: 0, open_ns: 1e9, refused: 10, flapping: false, last_trip: null, lane: { start_us: Array.from({ length: CHANGES }, (_, at) => (at * 3600e6) / CHANGES), state: Array.from({ length: CHANGES }, (_, at) => ['closed', 'open', 'half_open'][at % 3]), open_fraction: Array.from({ length: CHANGES }, (_, at) => [0, 1, 0.5][at % 3]) } }));
  const end = BigInt(Date.now()) * 1_000_000n;
  return { t0_ns: String(end - 3_600_000_000_000n), end_ns: String(end), summary: { states: { closed: LANES }, trips: 1, trips_before: 0, open_ns: 1, refused: 1 }, breakers: rows, next_page_token: null, notices: [], meta: { took_ms: 1, scanned_rows: 0, scanned_bytes: 0, partial: [], truncated: false, warnings: [] } };
}
