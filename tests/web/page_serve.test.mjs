// The page as `tempera serve` hands it out: isolated, painted, nothing refused, again without the server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, root, site, visit } from './page_server.mjs';

const command = process.env.TEMPERA ?? path.join(root, 'build/release/tempera');
let server;
let browser;
let url;

before(async () => {
  server = spawn(command, ['serve', '--dir', site, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  url = line.trim();
  browser = await launch({ camera: false });
});
after(async () => {
  await browser?.close();
  server?.kill('SIGKILL');
});

test('the page opens isolated, and paints', async () => {
  const kinds = new Map();
  const { page, context, errors } = await visit(browser, url, {
    before: (page) =>
      page.on('response', (r) => {
        const name = new URL(r.url()).pathname;
        kinds.set(name, `${r.status()} ${r.headers()['content-encoding'] ?? 'plain'}`);
      }),
  });
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  assert.equal(await page.evaluate(() => typeof SharedArrayBuffer), 'function');
  assert.deepEqual(errors, []);
  const refused = [...kinds].filter(([, kind]) => !/^(200|206|304) /.test(kind));
  assert.deepEqual(refused, []);
  assert.equal(kinds.get('/main.js'), '200 gzip');
  await context.close();
});

test('Ctrl-C ends the server with a page open, and the page opens without it', async () => {
  const { page, context } = await visit(browser, url);
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller)
      await new Promise((r) => navigator.serviceWorker.addEventListener('controllerchange', r, { once: true }));
  });
  // What is kept at the first visit goes into the store once the service worker has the page.
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
  const ended = once(server, 'exit');
  server.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
  assert.equal(await page.evaluate(() => crossOriginIsolated), true);
  await context.close();
});
