// What may go wrong while a film is painted: none of it ends up in the film, or keeps it from its last frame, in silence.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, ffmpeg, filmClip, openBefore, probe, scratch, server, visit } from './page_server.mjs';
import { openTab } from './tab.mjs';

openBefore();

const words = (page, id) => page.locator(id).textContent();
const frames = (file) =>
  Number(probe(file, '-count_frames', '-show_streams').streams.find((s) => s.codec_type === 'video').nb_read_frames);

async function openFilm(page, file) {
  await page.setInputFiles('#file', file);
  await page.waitForSelector('#film-start:not([hidden])');
}

async function saved(page, name, act = () => page.click('#film-start')) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 90000 }), act()]);
  const file = path.join(scratch, name);
  await download.saveAs(file);
  return file;
}

function clip(name, size, seconds, ...options) {
  const file = path.join(scratch, name);
  ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds}`, ...options, '-c:v', 'libx264', '-preset',
    'ultrafast', '-pix_fmt', 'yuv420p', file);
  return file;
}

const stored = (page) =>
  page.evaluate(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names.filter((name) => name.startsWith('film-'));
  });

describe('while a film is painted', () => {
  it('every frame is painted at its size, the first as the last, though the memory has to grow', async () => {
    // One picture, twelve times.
    const still = clip('still.mp4', '1280x720', 0.48, '-vf', 'loop=loop=-1:size=1,trim=end_frame=12');
    const { page, context } = await visit(browser, server.url, {
      before: (p) =>
        p.addInitScript(() => {
          const real = Worker.prototype.postMessage;
          Worker.prototype.postMessage = function (message, ...rest) {
            if (message.type === 'frame') (window.live ??= []).push(message.live);
            return real.call(this, message, ...rest);
          };
        }),
    });
    await openFilm(page, still);
    await page.evaluate(() => document.querySelector('#video').pause());
    await page.waitForTimeout(1000);
    await page.evaluate(() => (window.live = []));
    const file = await saved(page, 'still-painted.mp4');
    assert.equal(frames(file), 12);
    // None asks to be painted smaller where its size does not fit yet.
    const live = (await page.evaluate(() => window.live)).slice(0, 12);
    assert.deepEqual(live, Array(12).fill(false));
    const raw = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', '-'], {
      maxBuffer: 1e8,
    }).stdout;
    const size = 1280 * 720;
    // How much neighbours differ: what was enlarged is half as sharp.
    const sharpness = [...Array(12).keys()].map((n) => {
      let sum = 0;
      for (let i = n * size; i < (n + 1) * size - 1; i += 1) sum += Math.abs(raw[i] - raw[i + 1]);
      return sum / size;
    });
    for (const sharp of sharpness) {
      assert.ok(Math.abs(sharp / sharpness[11] - 1) < 0.15, sharpness.map((s) => s.toFixed(2)).join(' '));
    }
    await context.close();
  });

  it('keys do nothing, and a style that is still on its way gives way', async () => {
    // The worker's own requests would pass by the route below.
    const { page, context, errors } = await visit(browser, server.url, { contextOptions: { serviceWorkers: 'block' } });
    await openFilm(page, clip('slow.mp4', '640x360', 12));
    await page.route('**/gallery.onnx', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await route.continue().catch(() => undefined);
    });
    await page.locator('.style').nth(3).click();
    const file = await saved(page, 'slow-painted.mp4', async () => {
      await page.click('#film-start');
      await page.waitForFunction(() => document.querySelector('#film-progress').value > 0.02);
      // Away from Stop, which Space would press.
      await page.evaluate(() => document.activeElement.blur());
      for (const key of ['r', ' ', 'm', 's']) await page.keyboard.press(key);
      assert.equal(await page.locator('#record').getAttribute('aria-pressed'), 'false');
      assert.equal(await page.evaluate(() => document.querySelector('#video').paused), true);
    });
    assert.equal(frames(file), 300);
    assert.equal(await words(page, '#alert'), '');
    assert.equal(await page.locator('.style input').first().isChecked(), true);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('a decoder that the browser takes away is followed by another', async () => {
    const { page, context, errors } = await visit(browser, server.url, {
      before: (p) =>
        p.addInitScript(() => {
          const Real = VideoDecoder;
          let decoded = 0;
          window.decoders = 0;
          window.VideoDecoder = class extends Real {
            constructor(init) {
              super(init);
              window.decoders += 1;
              this.init = init;
            }
            decode(chunk) {
              decoded += 1;
              if (decoded !== 20 && decoded !== 60) return super.decode(chunk);
              this.close();
              this.init.error(new DOMException('Codec reclaimed due to inactivity.', 'QuotaExceededError'));
            }
          };
        }),
    });
    await openFilm(page, filmClip());
    assert.equal(frames(await saved(page, 'reclaimed.mp4')), 73);
    assert.match(await words(page, '#film-line'), /^Done: 73 frames, [\d.]+ [KM]B\.$/);
    assert.equal(await page.evaluate(() => window.decoders), 3);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('a file that cannot be read any more is no end of the film, and that is said', async () => {
    const { page, context } = await visit(browser, server.url, {
      before: (p) =>
        p.addInitScript(() => {
          const read = ReadableStreamDefaultReader.prototype.read;
          ReadableStreamDefaultReader.prototype.read = function () {
            if (!window.gone) return read.call(this);
            return Promise.reject(new DOMException('The file changed.', 'NotReadableError'));
          };
        }),
    });
    await openFilm(page, clip('large.mp4', '640x360', 20, '-b:v', '8M'));
    await page.click('#film-start');
    await page.waitForFunction(() => document.querySelector('#film-progress').value > 0.01);
    await page.evaluate(() => (window.gone = true));
    await page.waitForFunction(() => document.querySelector('#alert').textContent !== '', undefined, { timeout: 60000 });
    assert.match(await words(page, '#alert'), /not finished: its file changed, or cannot be read any more/);
    assert.equal(await page.locator('#film-save').isVisible(), false);
    assert.deepEqual(await stored(page), []);
    await context.close();
  });

  it('its file lies in the page’s storage as long as it is offered, and no longer', async () => {
    const { page, context } = await visit(browser, server.url);
    await openFilm(page, filmClip());
    await saved(page, 'stored.mp4');
    assert.equal((await stored(page)).length, 1);
    // Another tab, an hour later, sweeps what nobody offers.
    const later = async () => {
      const other = await context.newPage();
      await other.addInitScript(() => {
        const now = Date.now;
        Date.now = () => now() + 3600000;
      });
      await other.goto(server.url);
      await other.waitForFunction(() => document.documentElement.dataset.painted);
      await other.waitForTimeout(1000);
      const names = await stored(other);
      await other.close();
      return names;
    };
    assert.equal((await later()).length, 1);
    // Saved once more, from the link.
    const again = await saved(page, 'stored-again.mp4', () => page.click('#film-save'));
    assert.deepEqual(readFileSync(again), readFileSync(path.join(scratch, 'stored.mp4')));
    await page.close();
    assert.deepEqual(await later(), []);
    await context.close();
  });

  it('the tab may be hidden', async () => {
    const tab = await openTab(server.url);
    try {
      await tab.until('document.documentElement.dataset.painted');
      await tab.evaluate(`(() => {
        const bytes = Uint8Array.from(atob('${readFileSync(filmClip()).toString('base64')}'), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], 'film.mp4', { type: 'video/mp4' }));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
      })()`);
      await tab.until('document.querySelector("#film-start").checkVisibility()');
      await tab.evaluate('document.querySelector("#film-start").click()');
      await tab.hide();
      const done = 'document.querySelector("#film-line").textContent';
      await tab.until(`${done}.startsWith('Done')`, 60000);
      assert.match(await tab.evaluate(done), /^Done: 73 frames/);
      assert.equal(await tab.evaluate('document.visibilityState'), 'hidden');
    } finally {
      await tab.close();
    }
  });

  it('one without a place for files is painted in memory', async () => {
    const { page, context } = await visit(browser, server.url, {
      // Safari before 26.
      before: (p) => p.addInitScript(() => delete FileSystemFileHandle.prototype.createWritable),
    });
    await openFilm(page, filmClip());
    assert.equal(frames(await saved(page, 'in-memory.mp4')), 73);
    assert.deepEqual(await stored(page), []);
    await context.close();
  });
});
