// The page on different hosts: isolated by headers, by its service worker, or not at all; offline; files missing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launch, root, serve, site, visit } from './page_server.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const words = (page, id) => page.locator(id).textContent();
const isolated = (page) => page.evaluate(() => crossOriginIsolated);
const single = existsSync(path.join(site, 'tempera-single.wasm'));

async function offlineReload(page, context, server) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  // All that it needs is kept: the shell, this engine, this style.
  await page.waitForFunction(
    async () => {
      const name = (await caches.keys()).find((key) => /^tempera-[0-9a-f]{12}$/.test(key));
      const cache = name && (await caches.open(name));
      const names = cache ? (await cache.keys()).map((request) => request.url) : [];
      return ['.wasm', 'painter-worker.js', 'starry-night.onnx', 'style.css'].every((end) =>
        names.some((url) => url.endsWith(end)),
      );
    },
    undefined,
    { timeout: 20000 },
  );
  await server.close();
  await context.setOffline(true);
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
}

describe('a host', () => {
  it('with the headers: all threads, and the page works offline afterwards', async () => {
    const server = await serve();
    const { page, context } = await visit(browser, server.url);
    assert.equal(await isolated(page), true);
    const session = await context.newCDPSession(page);
    assert.deepEqual((await session.send('Page.getAppManifest')).errors, []);
    await page.evaluate(() => navigator.serviceWorker.ready);
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    // Playwright's contexts count as incognito, where nothing is installed.
    assert.deepEqual(
      installabilityErrors.filter((e) => e.errorId !== 'in-incognito'),
      [],
    );
    await offlineReload(page, context, server);
    assert.equal(await isolated(page), true);
    assert.match(await words(page, '#engine'), /[2-9] threads|one thread/);
    // A style that was never chosen is not there, and that is said; the old one goes on.
    await page.locator('.style').nth(1).click();
    await page.waitForFunction(() => document.querySelector('#alert').textContent !== '');
    assert.match(await words(page, '#alert'), /not on this device yet/);
    assert.equal(await page.locator('.style input').first().isChecked(), true);
    await context.close();
  });

  it('without headers: the service worker isolates it, once, and it works offline', async () => {
    const server = await serve({ isolated: false });
    const { page, context, errors } = await visit(browser, server.url);
    assert.equal(await isolated(page), true);
    assert.deepEqual(errors, []);
    await offlineReload(page, context, server);
    assert.equal(await isolated(page), true);
    await context.close();
  });

  it('without headers, in a browser without Document-Isolation-Policy: by the older pair', async () => {
    const server = await serve({ isolated: false });
    const other = await launch({ args: ['--disable-features=DocumentIsolationPolicy'] });
    const { page, context } = await visit(other, server.url);
    assert.equal(await isolated(page), true);
    assert.equal(
      await page.evaluate(async () => (await fetch('./')).headers.get('Cross-Origin-Embedder-Policy')),
      'require-corp',
    );
    await context.close();
    await other.close();
    await server.close();
  });

  it(
    'without headers or service workers: one thread, and why',
    { skip: single ? false : 'tempera-single.wasm is not built' },
    async () => {
      const server = await serve({ isolated: false });
      const { page, context } = await visit(browser, server.url, { contextOptions: { serviceWorkers: 'block' } });
      assert.equal(await isolated(page), false);
      assert.match(await words(page, '#engine'), /one thread.*not isolated/);
      await context.close();
      await server.close();
    },
  );

  it('without the sample clip, the styles or the list of them: what is missing is said', async () => {
    const cases = [
      [['sample.mp4', 'sample.jpg'], /The sample is not there/],
      [['starry-night.onnx'], /The Starry Night cannot be used/],
      [['styles.json'], /list of styles was not found/],
      [['.wasm'], /cannot be used/],
    ];
    for (const [missing, expected] of cases) {
      const server = await serve({ missing });
      const context = await browser.newContext({ serviceWorkers: 'block' });
      const page = await context.newPage();
      const thrown = [];
      page.on('pageerror', (error) => thrown.push(error.message));
      await page.goto(server.url);
      await page.waitForFunction(() => document.querySelector('#alert').textContent !== '', undefined, {
        timeout: 20000,
      });
      assert.match(await words(page, '#alert'), expected);
      assert.deepEqual(thrown, []);
      await page.waitForFunction(() => document.querySelector('#wait').textContent === '');
      await context.close();
      await server.close();
    }
  });

  it('with Document-Isolation-Policy: all threads in a frame of a foreign page that sends nothing', async () => {
    const server = await serve({
      isolated: false,
      headers: { 'Document-Isolation-Policy': 'isolate-and-require-corp' },
    });
    const foreign = await serve({ isolated: false });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${foreign.url}manifest.webmanifest`);
    const inner = server.url.replace('127.0.0.1', 'localhost');
    await page.evaluate((src) => {
      const frame = document.createElement('iframe');
      Object.assign(frame, { src, width: 1000, height: 700 });
      document.body.append(frame);
    }, inner);
    const frame = await (await page.waitForSelector('iframe')).contentFrame();
    await frame.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
    assert.equal(await frame.evaluate(() => crossOriginIsolated), true);
    await context.close();
    await server.close();
    await foreign.close();
  });
});

describe('the weight', () => {
  it('of the page is within its limits', () => {
    const run = spawnSync(
      process.execPath,
      [path.join(root, 'web/page/build.mjs'), '--out', path.join(root, 'build/page-weighed')],
      { encoding: 'utf8' },
    );
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
});
