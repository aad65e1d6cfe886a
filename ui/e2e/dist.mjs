// The files of ui/dist in front of a server that runs: as the binary serves them, without building it.
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const TYPES = { js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', svg: 'image/svg+xml' };

/** `api` with the dashboard replaced; `stop` ends the door, not the server. */
export async function inFrontOf(api) {
  // What the server says about its own page is said about this one too.
  const own = await fetch(api);
  const headers = Object.fromEntries(['content-security-policy', 'x-content-type-options', 'referrer-policy'].map((name) => [name, own.headers.get(name)]).filter(([, value]) => value));
  const door = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url, api);
    if (/^\/(api|healthz|readyz|metrics)\b/.test(pathname)) return pass(api, asked, answer);
    const asset = /\/?assets\/([\w.-]+)$/.exec(pathname)?.[1];
    try {
      if (asset) {
        const file = readFileSync(join(dist, 'assets', normalize(asset)) + '.br');
        return answer.writeHead(200, { ...headers, 'content-type': TYPES[asset.split('.').at(-1)], 'content-encoding': 'br', 'cache-control': 'public, max-age=31536000, immutable' }).end(file);
      }
    } catch {
      return answer.writeHead(404).end();
    }
    // The way back to the root, as `ui/src/asset.rs` writes it.
    const up = '../'.repeat(pathname.split('/').length - 2);
    const page = readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('./assets/', `${up || './'}assets/`);
    answer.writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }).end(page);
  });
  await new Promise((done) => door.listen(0, '127.0.0.1', done));
  return { api: `http://127.0.0.1:${door.address().port}`, stop: () => (door.closeAllConnections(), door.close()) };
}

function pass(api, asked, answer) {
  const { origin, referer, host, ...headers } = asked.headers;
  const there = request(new URL(asked.url, api), { method: asked.method, headers }, (response) => {
    answer.writeHead(response.statusCode, response.headers);
    answer.flushHeaders();
    response.pipe(answer);
  });
  there.on('error', () => answer.destroy());
  answer.on('close', () => there.destroy());
  asked.pipe(there);
}
