// A real binary with the seeded demo shop, on free ports, over a directory of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Only a hang takes this long; a debug build on a busy machine does not. */
export const PATIENCE = 90_000;

/** The shop of this seed begins with `clean_trip` (docs/demo.md): a breaker opened and closed in the minute before the server starts. */
const SEED = '1';

export function start(binary) {
  return run(binary, ['demo', '--seed', SEED, '--requests-per-second', '10'], said, (folder) => {
    const log = join(folder, 'followed.log');
    writeFileSync(log, '{"level":"info","msg":"a line of a file","time":"2026-01-01T00:00:00Z"}\n');
    return `[[files]]\npaths = [${JSON.stringify(log)}]\nservice = "followed"\n`;
  });
}

/** A server that nobody has sent anything yet. */
export function startEmpty(binary) {
  return run(binary, ['serve'], logged);
}

async function run(binary, command, addresses, config = () => '') {
  const folder = mkdtempSync(join(tmpdir(), 'fusebox-e2e-'));
  writeFileSync(join(folder, 'fusebox.toml'), config(folder));
  const ports = ['--otlp-grpc', '127.0.0.1:0', '--otlp-http', '127.0.0.1:0', '--api', '127.0.0.1:0'];
  const child = spawn(binary, [...command, ...ports, '--data-dir', join(folder, 'data'), '--config', join(folder, 'fusebox.toml')], { cwd: folder, env: { NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => (log = (log + text).slice(-8000)));
  const ended = new Promise((_, fail) => child.on('exit', (code, signal) => fail(new Error(`the server ended (${code ?? signal}):\n${log}`))));
  ended.catch(() => undefined);
  const stop = async () => {
    const gone = new Promise((done) => child.once('exit', done));
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await Promise.race([addresses(child), ended, late('the server printed no addresses', () => log)])), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** From the line of the log that says `ready`. */
async function logged(child) {
  for await (const line of createInterface({ input: child.stderr })) {
    const [, otlp, api] = /\bready\b.* otlp_http=(\S+) api=(\S+)/.exec(line) ?? [];
    if (!api) continue;
    child.stderr.resume();
    child.stdout.resume();
    return { otlp: `http://${otlp}`, api: `http://${api}` };
  }
}

/** From what the demo prints. */
async function said(child) {
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [, what, url] = /^\s+(dashboard|OTLP\/HTTP)\s+(http:\S+?)\/?$/.exec(line) ?? [];
    if (what === 'dashboard') found.api = url;
    if (what) found.otlp = what === 'dashboard' ? found.otlp : url;
    if (found.api && found.otlp) break;
  }
  // Whoever prints must not block on a full pipe.
  child.stdout.resume();
  return found;
}

function late(text, more) {
  return new Promise((_, fail) => setTimeout(() => fail(new Error(`${text} within ${PATIENCE / 1000} s\n${more()}`)), PATIENCE).unref());
}

/** Asks again until `good` says so. */
export async function until(claim, ask, good) {
  const begun = Date.now();
  for (;;) {
    const answer = await ask().catch((error) => error);
    if (!(answer instanceof Error) && good(answer)) return answer;
    if (Date.now() - begun > PATIENCE) throw new Error(`${claim}: not within ${PATIENCE / 1000} s; last ${answer instanceof Error ? answer.message : JSON.stringify(answer).slice(0, 400)}`);
    await new Promise((done) => setTimeout(done, 500));
  }
}

export async function json(url, init) {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  return response.json();
}
