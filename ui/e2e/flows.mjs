// What people do: from what is wrong to the trip, the trace, its logs; by keys; with links that are shared.

import { english } from './pages.mjs';
import { json, until } from './server.mjs';

export async function flows(browser, { api, otlp }, { failed, row }) {
  const tab = await browser.tab();
  await english(tab, api);
  for (const [name, flow] of Object.entries({ find, palette, share, keys, filter, leaveOut, twice, again, complete, followed, sql, rules, tall })) {
    tab.at(`flow ${name}`);
    try {
      await flow(tab, api, { failed, row, otlp });
    } catch (error) {
      tab.wrong(error.message.split('\n').slice(0, 2).join(' '));
    }
  }
  await tab.page.close();
}

/** Overview › trip › exemplar trace › its logs, each by a click. */
async function find({ page, go, settled, check }, api) {
  await go(`${api}/?range=15m`);
  await page.click('main a[href*="/breakers?"][href*="trip="]');
  await page.waitForURL('**/breakers?**trip=**');
  await settled();
  await page.waitForSelector('.drawer h3:has-text("Why")');
  check((await page.textContent('.drawer')).includes('calls refused'), 'the trip does not say what it cost');
  await page.click('.drawer a.exemplar[href*="/traces/"]');
  await page.waitForURL('**/traces/**');
  await page.waitForSelector('.wf-row:not([hidden])');
  await settled();
  const trace = page.url();
  await page.click('[role=tab]:has-text("Logs")');
  await page.waitForURL('**tab=logs**');
  await settled();
  // Back is back: to the trace, then to the trip.
  await page.goBack();
  await page.waitForFunction((url) => location.href === url, trace);
  await page.goBack();
  await page.waitForSelector('.drawer h3:has-text("Why")');
}

/** A breaker is found by its name; a pasted id opens its trace; `e` goes to an error. */
async function palette({ page, go, settled, check }, api, { failed, row }) {
  await go(`${api}/traces?range=15m`);
  await page.keyboard.press('Control+k');
  await page.fill('dialog input', row.name.replace(/^op:/, ''));
  await page.click('.option:has(.hint:has-text("breaker"))');
  await page.waitForURL('**/breakers?**breaker=**');
  await go(`${api}/traces?range=15m`);
  await page.keyboard.press('Control+k');
  await page.fill('dialog input', failed);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/traces/${failed}*`);
  await page.waitForSelector('.wf-row:not([hidden])');
  await page.keyboard.press('e');
  await page.waitForSelector('.drawer');
  await settled();
  check(page.url().includes('span='), 'the chosen span is not in the link');
}

/** A link shows somebody else the same: the span of the flow before, and the same trip of a lane. */
async function share({ page, go, check }, api, { row }) {
  const shared = page.url();
  const title = await page.textContent('.drawer h2');
  await page.goto('about:blank');
  await go(shared);
  await page.waitForSelector('.drawer');
  check((await page.textContent('.drawer h2')) === title, 'a shared link opens another span');
  await go(`${api}/breakers?range=15m&breaker=${row.id}`);
  await page.waitForSelector('.drawer');
  check((await page.textContent('.drawer')).includes(row.name), 'a link to a breaker opens another');
}

async function keys({ page, go, settled }, api) {
  await go(`${api}/breakers?range=15m`);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog .sheet');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog .sheet', { state: 'detached' });
  await page.keyboard.press('j');
  await page.waitForSelector('.drawer');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.drawer', { state: 'detached' });
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await page.waitForURL('**/logs*');
  await settled();
}

/** What is typed is in the link, and what it leaves out is gone. */
async function filter({ page, go, settled, check }, api, { row }) {
  await go(`${api}/breakers?range=15m`);
  await page.fill('.page-head input', 'no such breaker');
  await page.waitForSelector('.state h2');
  check(decodeURIComponent(page.url()).includes('no+such+breaker'), 'the filter is not in the link');
  await page.click('.state button');
  await page.waitForSelector('.lane-row');
  await page.fill('.page-head input', row.name);
  await page.waitForFunction((name) => [...document.querySelectorAll('.lane-row')].every((lane) => lane.textContent.includes(name)), row.name.replace(/^op:/, ''));
  await settled();
}

/** A code that is no news is left out by a key, in the link too, and comes back. */
async function leaveOut({ page, go, check }, api) {
  await go(`${api}/errors?range=15m`);
  await page.waitForSelector('.codes-panel tbody tr');
  const names = () => page.locator('.codes-panel tbody .code-name').allTextContents();
  const before = await names();
  await page.keyboard.press('j');
  await page.waitForSelector('.drawer');
  await page.keyboard.press('x');
  await page.waitForFunction((count) => document.querySelectorAll('.codes-panel tbody .code-name').length < count, before.length);
  check(!(await names()).includes(before[0]), 'what was left out is still there');
  check(page.url().includes('without='), 'what was left out is not in the link');
  await page.click('main button.mono:has(svg)');
  await page.waitForFunction((count) => document.querySelectorAll('.codes-panel tbody .code-name').length >= count, before.length);
}

/** A breaker that tripped twice: both trips beside each other, as a link too; `c` and `t` lead on. */
async function twice({ page, go, check }, api, { otlp, row }) {
  const name = `twice-${Date.now()}`;
  const text = (key, value) => ({ key, value: { stringValue: value } });
  const at = (secondsAgo) => String((BigInt(Date.now()) - BigInt(secondsAgo) * 1000n) * 1_000_000n);
  const change = ([secondsAgo, from, to]) => ({ timeUnixNano: at(secondsAgo), severityNumber: 13, eventName: 'circuit_breaker.state_change', body: { stringValue: 'circuit_breaker.state_change' }, attributes: [text('event.name', 'circuit_breaker.state_change'), text('circuitbreaker.name', name), text('from', from), text('to', to)] });
  const changes = [[50, 'closed', 'open'], [40, 'open', 'half_open'], [38, 'half_open', 'closed'], [25, 'closed', 'open'], [20, 'open', 'half_open'], [19, 'half_open', 'closed']];
  const resource = { attributes: [text('service.name', 'checkout'), text('service.instance.id', 'checkout-1')] };
  await json(`${otlp}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: changes.map(change) }] }] }) });
  const found = await until('the breaker tripped twice', () => json(`${api}/api/v1/breakers?range=15m&q=${name}`), (answer) => answer.breakers[0]?.trips === 2);
  await go(`${api}/breakers?range=15m&breaker=${found.breakers[0].id}`);
  await page.click('.drawer button:has-text("Compare the last two")');
  const rows = () => page.waitForSelector('.drawer table.pair tbody tr');
  await rows();
  check(page.url().includes('with='), 'the comparison is not in the link');
  const line = await page.textContent('.drawer table.pair tbody tr:has-text("From open to closed")');
  check(/6\.00 s.*12\.0 s/.test(line), `the two trips took 6 s and 12 s: ${line}`);
  await go(page.url());
  await rows();
  await page.click('.drawer button:has-text("Back to the trip")');
  await page.waitForSelector('.drawer h3:has-text("Why")');
  for (const [key, there] of [['c', '**/errors?**code=**'], ['t', '**/traces?**q=**']]) {
    await go(`${api}/breakers?range=15m&breaker=${row.id}`);
    await page.waitForSelector('.lane-row.selected');
    await page.keyboard.press(key);
    await page.waitForURL(there);
  }
}

/** A call that is sent again, and one whose caller is gone: on the page of retries and at the service, each with its trace. */
async function again({ page, go, check }, api, { otlp }) {
  const id = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((one) => one.toString(16).padStart(2, '0')).join('');
  const caller = `again-${Date.now()}`;
  const text = (key, value) => ({ key, value: { stringValue: value } });
  const begin = BigInt(Date.now() - 30_000) * 1_000_000n;
  const at = (ms) => String(begin + BigInt(ms) * 1_000_000n);
  const [traceId, root, first, second, served] = [id(16), id(8), id(8), id(8), id(8)];
  const call = (spanId, from, to, failed, more = []) => ({ traceId, spanId, parentSpanId: root, name: 'POST', kind: 3, startTimeUnixNano: at(from), endTimeUnixNano: at(to), attributes: [text('url.full', 'http://depot/pick'), text('peer.service', 'depot'), ...more], status: failed ? { code: 2, message: 'context deadline exceeded' } : {} });
  const own = [{ traceId, spanId: root, name: 'GET /order', kind: 2, startTimeUnixNano: at(0), endTimeUnixNano: at(600) }, call(first, 0, 200, true), call(second, 250, 400, false)];
  const work = [{ traceId, spanId: served, parentSpanId: first, name: '/pick', kind: 2, startTimeUnixNano: at(5), endTimeUnixNano: at(1205) }];
  const resourceSpans = [[caller, own], ['depot', work]].map(([name, spans]) => ({ resource: { attributes: [text('service.name', name)] }, scopeSpans: [{ spans }] }));
  await json(`${otlp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans }) });
  await until('the retry is told', () => json(`${api}/api/v1/graph/retries?range=15m&service=${caller}`), (answer) => answer.edges[0]?.retries === 1);
  await go(`${api}/breakers?range=15m`);
  await page.click('.page-head button:has-text("Retries")');
  await page.waitForURL('**view=retries**');
  const line = await page.textContent(`.findings li:has-text("${caller}")`);
  check(line.includes('×2') && line.includes('1 of 2 calls') && line.includes('1.00 s for nobody'), `the retry and the work for nobody: ${line}`);
  await go(`${api}/services/${caller}?range=15m&tab=neighbours`);
  await page.click(`.findings li:has-text("depot") a:has-text("Given up")`);
  await page.waitForURL(`**/traces/${traceId}*`);
  await page.waitForSelector('.wf-row:not([hidden])');
}

/** How complete numbers are stands beside them; a click tells all of it. */
async function complete({ page, go, axe, check }, api, { row }) {
  for (const path of ['/services?', '/services/storefront?', '/map?', `/breakers?breaker=${row.id}&`, '/breakers?view=limits&', '/logs?', '/errors?', '/?']) {
    await go(`${api}${path}range=15m`);
    await page.waitForSelector('button.complete:has-text("data until")');
  }
  await page.click('button.complete');
  await page.waitForSelector('.menu h3:has-text("Refused since the start")');
  await axe();
  await page.keyboard.press('Escape');
  check((await page.$('.menu')) === null, 'what tells how complete numbers are does not close');
}

/** A log file that is followed stands on the status page with what was read of it, beside what has many series. */
async function followed({ page, go }, api) {
  await go(`${api}/status`);
  await page.waitForSelector('table[aria-label="Most series"] tbody tr');
  await page.waitForSelector('table tr:has-text("followed.log"):has-text("up")');
}

/** A statement is typed with what the editor offers, and run by a key. */
async function sql({ page, go, settled }, api) {
  await go(`${api}/sql?sql=SELECT 1 AS n`);
  await page.click('.cm-content');
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' UNION ALL SELECT count(*) FROM sp');
  // By the pointer: a key is not taken for a moment, as it may have been meant for the line.
  await page.click('.cm-tooltip-autocomplete li:has-text("spans")');
  await page.keyboard.type(' WHERE dur');
  await page.click('.cm-tooltip-autocomplete li:has-text("duration_ns")');
  await page.keyboard.type(' > 0');
  await page.keyboard.press('Control+Enter');
  await page.waitForSelector('table th:has-text("n")');
  await settled();
  await page.waitForURL((url) => url.searchParams.get('sql') === 'SELECT 1 AS n UNION ALL SELECT count(*) FROM spans WHERE duration_ns > 0');
}

/** A rule of one's own is tried on a record before it counts, with its mistakes named; it is taken, stays and goes. */
async function rules({ page, go, check }, api) {
  await go(`${api}/settings?tab=rules`);
  await page.click('button:has-text("Try")');
  await page.waitForSelector('[role=status] h3:has-text("rejections")');
  check((await page.textContent('main [role=status]')).includes('mine'), 'the rule that told it is not named');
  await page.fill('.two-texts textarea', '[[rule]]\nid = 7\n');
  await page.click('button:has-text("Try")');
  await page.waitForSelector('[role=alert]:has-text("line 2")');
  const own = '[[rule]]\nid = "of.the.shop"\nabout = "The shop says so."\non = ["span"]\nwhen = [{ field = "text", contains = "the shop is closed" }]\nrejection = { kind = "rate_limit" }\n';
  await page.fill('.two-texts textarea', own);
  await page.click('button:has-text("Let them count")');
  await page.waitForSelector('table code:has-text("of.the.shop")');
  await page.reload();
  await page.waitForFunction((own) => document.querySelector('.two-texts textarea')?.value === own, own);
  await page.fill('.two-texts textarea', '');
  await page.click('button:has-text("Let them count")');
  await page.waitForFunction(() => document.querySelector('table code') && ![...document.querySelectorAll('table code')].some((one) => one.textContent === 'of.the.shop'));
}

/** The last span of a trace that is higher than the screen can be scrolled to, and stands where it is seen. */
async function tall({ page, go, check }, api, { otlp }) {
  const traceId = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, '0')).join('');
  const now = BigInt(Date.now()) * 1_000_000n;
  const spans = Array.from({ length: 300 }, (_, index) => ({ traceId, spanId: (index + 1).toString(16).padStart(16, '0'), parentSpanId: index ? '0000000000000001' : '', name: `step ${index}`, kind: 1, startTimeUnixNano: String(now + BigInt(index) * 1_000_000n), endTimeUnixNano: String(now + BigInt(index ? index + 1 : 300) * 1_000_000n) }));
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'tall' } }] };
  await json(`${otlp}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }) });
  await until('the tall trace is whole', () => json(`${api}/api/v1/traces/${traceId}?format=columnar`), (trace) => trace.span_count === spans.length);
  await go(`${api}/traces/${traceId}`);
  const seen = (name) =>
    page.waitForFunction((name) => {
      const row = [...document.querySelectorAll('.wf-row:not([hidden])')].find((one) => one.querySelector('.wf-name').textContent === name);
      const box = row?.getBoundingClientRect();
      return box && document.elementFromPoint(box.left + 60, box.top + box.height / 2)?.closest('.wf-row') === row;
    }, name);
  await seen('step 0');
  await page.evaluate(() => document.querySelector('.waterfall').scrollTo(0, 1e6));
  await seen('step 299');
  const bars = await page.evaluate(() => document.querySelector('.wf-bars').height / (devicePixelRatio || 1) - document.querySelector('.waterfall').clientHeight);
  check(Math.abs(bars) < 2, `the picture of the bars is ${bars} px higher than what is seen of it`);
}
