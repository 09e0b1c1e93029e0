// The page on different hosts: isolated by headers, by its service worker, or not at all; offline; files missing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launch, root, scratch, serve, site, visit } from './page_server.mjs';

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
  await page.waitForFunction(() => document.documentElement.dataset.offline === 'kept', undefined, { timeout: 20000 });
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
    // A slow disk: what the service worker writes down takes longer than the page would to load again.
    const slow = `const { put } = Cache.prototype;
      Cache.prototype.put = async function (...of) {
        await new Promise((done) => setTimeout(done, 700));
        return put.apply(this, of);
      };`;
    const files = { '/sw.js': slow + readFileSync(path.join(site, 'sw.js'), 'utf8') };
    const server = await serve({ isolated: false, files });
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

// The page as it is, in a folder where files can be changed: what a host shows after a new version was put there.
function copyOfSite() {
  const folder = mkdtempSync(path.join(scratch, 'update-'));
  cpSync(site, folder, { recursive: true });
  const change = (name, from, to) => {
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8');
    assert.ok(from.test(text), `${name} has no ${from}`);
    writeFileSync(file, text.replace(from, to));
  };
  return { folder, change, end: () => rmSync(folder, { recursive: true }) };
}

describe('a new version of the page', () => {
  const title = (page) => page.title();
  const newer = (change) => {
    change('index.html', /<title>/, '<title>Newer ');
    change('sw.js', /tempera-[0-9a-f]{12}/, 'tempera-0123456789ab');
  };
  // The browser looks for a new version behind a page's back, and has it ready after a while.
  const ready = (page, state) =>
    page.waitForFunction(
      async (wanted) => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration.update().catch(() => undefined);
        return (registration.waiting ? 'waiting' : registration.installing ? 'installing' : 'none') === wanted;
      },
      state,
      { timeout: 15000, polling: 300 },
    );
  const again = async (page) => {
    await page.reload();
    await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
  };

  it('takes over when no page of the old one is open any more, and not before', async () => {
    const { folder, change, end } = copyOfSite();
    const server = await serve({ folder });
    const { page, context, errors } = await visit(browser, server.url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    newer(change);
    await ready(page, 'waiting');
    await page.waitForTimeout(1000);
    await again(page);
    assert.doesNotMatch(await title(page), /Newer/);
    await page.close();
    const next = await context.newPage();
    for (let tries = 0; !/Newer/.test(await title(next)); tries += 1) {
      assert.ok(tries < 10, 'the old version is still there');
      await next.goto('about:blank');
      await next.waitForTimeout(500);
      await next.goto(server.url);
    }
    await next.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
    assert.equal((await next.evaluate(() => caches.keys())).filter((n) => /^tempera-[0-9a-f]/.test(n)).length, 1);
    assert.deepEqual(errors, []);
    await context.close();
    await server.close();
    end();
  });

  it('that does not arrive whole leaves the old one as it was, offline too', async () => {
    const { folder, change, end } = copyOfSite();
    const missing = [];
    const server = await serve({ folder, missing });
    const { page, context } = await visit(browser, server.url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    newer(change);
    missing.push('main.js');
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      await registration.update().catch(() => undefined);
      const { installing } = registration;
      if (!installing || installing.state === 'redundant') return;
      await new Promise((resolve) => {
        installing.onstatechange = () => installing.state === 'redundant' && resolve();
      });
    });
    await ready(page, 'none').catch(() => undefined);
    await again(page);
    assert.doesNotMatch(await title(page), /Newer/);
    await offlineReload(page, context, server);
    assert.doesNotMatch(await title(page), /Newer/);
    await context.close();
    end();
  });
});

describe('the weight', () => {
  it('of the page, its parts and the whole download is within the limits that the build prints', () => {
    const run = spawnSync(
      process.execPath,
      [path.join(root, 'web/page/build.mjs'), '--out', path.join(root, 'build/page-weighed'), '--engine', site],
      { encoding: 'utf8' },
    );
    assert.equal(run.status, 0, run.stdout + run.stderr);
    const limits = [...run.stdout.matchAll(/([a-z ]+) ([\d.]+) KB gzip \(limit ([\d.]+) KB\)/g)];
    assert.deepEqual(
      limits.map(([, name]) => name.trim()),
      ['page', 'films', 'engine', 'whole', 'masks'],
    );
    for (const [, name, is, limit] of limits) assert.ok(Number(is) <= Number(limit), `${name}: ${is} of ${limit} KB`);
  });
});
