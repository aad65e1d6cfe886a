import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { defineConfig } from 'vitest/config';

/** Writes `.br` and `.gz` beside every text file, once, so that the server never compresses the dashboard. */
function compressed(dir: string) {
  return {
    name: 'compressed',
    closeBundle() {
      for (const file of readdirSync(join(dir, 'assets'))) {
        const path = join(dir, 'assets', file);
        const plain = readFileSync(path);
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } };
        writeFileSync(`${path}.br`, brotliCompressSync(plain, quality));
        writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
      }
    },
  };
}

/** For `npm run dev` and `vite preview`. The server refuses questions that say they come from another page. */
const toServer = {
  '/api': {
    target: process.env.FUSEBOX_URL ?? 'http://127.0.0.1:4319',
    changeOrigin: true,
    configure: (proxy: { on: (event: 'proxyReq', then: (request: { removeHeader: (name: string) => void }) => void) => void }) => proxy.on('proxyReq', (request) => request.removeHeader('origin')),
  },
};

export default defineConfig(({ command }) => ({
  // Relative, so that the same files serve under any path of a reverse proxy.
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: command === 'build' && !process.env.VITEST ? [compressed('dist')] : [],
  server: { proxy: toServer },
  preview: { proxy: toServer },
  // A busy machine is slow, not wrong.
  test: { testTimeout: 60_000, environment: 'node', include: ['src/**/*.test.ts', 'src/**/*.test.tsx'] },
}));
