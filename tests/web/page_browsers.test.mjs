// The page in Firefox and WebKit. What a browser lacks is skipped with its reason. Screenshots go to build/page-test.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as firefox from './firefox.mjs';
import { listening } from './in_page.mjs';
import { maskNet } from './mask_net.mjs';
import { figurePicture, filmClip, loudness, maskFiles, probe, root, scratch, serve, site } from './page_server.mjs';
import * as webkit from './webkit.mjs';

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until the page says yes. */
async function until(page, f, arg, ms = 30000) {
  for (const end = Date.now() + ms; ; await later(100)) {
    const answer = await page.evaluate(f, arg).catch(() => false); // it may be loading just now
    if (answer) return answer;
    if (Date.now() > end) assert.fail(`not within ${ms} ms: ${f}; the page says ${await page.evaluate(words).catch(String)}`);
  }
}
const words = () => ['#alert', '#say', '#engine', '#wait', '#film-line'].map((id) => document.querySelector(id).textContent)
  .filter(Boolean).join(' | ') + ` | ${window.said}`;
const isPainted = () => document.documentElement.dataset.painted;
const pressed = (id) => document.querySelector(`#${id}`).getAttribute('aria-pressed') === 'true';
const click = (selector) => document.querySelector(selector).click();

/** How far the painting is from its source, on average, and its shape. */
const shown = () => {
  const [a, b] = ['#painted', '#before'].map((id) => {
    const canvas = document.querySelector(id);
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  });
  const apart = a.data.reduce((sum, v, i) => sum + Math.abs(v - b.data[i]), 0) / a.data.length;
  return { apart, shape: a.width / a.height };
};

/** Whether figure and wall are painted, or as they are, is as wanted. */
const figureAndWall = (wanted) => {
  const [a, b] = ['#painted', '#before'].map((id) => {
    const canvas = document.querySelector(id);
    return canvas.width === 320 && canvas.getContext('2d').getImageData(0, 0, 320, 240).data;
  });
  if (!a || !b) return false;
  const apart = (from, to) => {
    let sum = 0;
    for (let y = 80; y < 230; ++y) for (let x = from; x < to; ++x) sum += Math.abs(a[4 * (320 * y + x)] - b[4 * (320 * y + x)]);
    return sum / (150 * (to - from));
  };
  const seen = [apart(136, 184), apart(20, 100)];
  return seen.every((by, i) => (wanted[i] ? by > 6 : by < 0.5));
};

const choose = (selector, value) => {
  const select = document.querySelector(selector);
  select.value = value;
  select.dispatchEvent(new Event('change'));
};

/** What the page's link would save, as base64, without the save. */
const fetched = async (url) => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};

/** Of a frame amid the film, between its darkest and brightest tenth. */
function contrast(file) {
  const words = ['-v', 'error', '-ss', '1', '-i', file, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'gray', '-'];
  const { stdout } = spawnSync('ffmpeg', words);
  const sorted = [...stdout].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.9)] - sorted[Math.floor(sorted.length * 0.1)];
}

for (const browser of [firefox, webkit]) {
  const { name } = browser;
  const skip = browser.whatIsMissing() || (!existsSync(path.join(site, 'index.html')) && 'build/page is not built: make web-module');

  describe(`the page in ${name}`, { skip, timeout: 240000 }, () => {
    let running;
    before(async () => (running = await browser.launch()));
    after(() => running?.close());

    const visited = async (hosting = {}, options = {}) => {
      const server = await serve({ first: listening, ...hosting });
      const page = await running.open(options);
      const close = async () => {
        await page.close();
        await server.close();
      };
      try {
        await page.goto(server.url);
        await until(page, isPainted);
        return { page, close };
      } catch (thrown) {
        await close();
        throw thrown;
      }
    };

    it('paints the sample, a film, a picture and the camera, in styles; under a strict policy, without complaint', async (t) => {
      const { page, close } = await visited();
      try {
        assert.ok((await page.evaluate(shown)).apart > 10, 'nothing was painted');
        const engine = await page.evaluate(() => document.querySelector('#engine').textContent);
        t.diagnostic(`${name} ${running.version}: ${engine}`);
        assert.match(engine, /threads/);
        await later(1000);
        await page.screenshot(path.join(scratch, `${name}-sample.png`));

        await page.evaluate(click, '.style:nth-child(2) input');
        await until(page, () => location.hash === '#great-wave');
        await page.evaluate(() => {
          const slider = document.querySelector('#controls input[type=range]');
          slider.value = 0.5;
          slider.dispatchEvent(new Event('input', { bubbles: true }));
        });
        assert.equal(await page.evaluate(() => document.querySelector('#controls output').textContent), '50 %');

        await page.setFiles('#file', [filmClip()]);
        await until(page, () => /73 frames.*320 × 240/.test(document.querySelector('#film-line').textContent));
        await until(page, () => document.querySelector('#painted').width * 3 === document.querySelector('#painted').height * 4);
        await until(page, () => Number(document.querySelector('#m-fps').textContent) > 0);
        await page.screenshot(path.join(scratch, `${name}-film.png`));

        await page.evaluate(drop, readFileSync(path.join(root, 'models/sample.jpg')).toString('base64'));
        await until(page, () => document.querySelector('#pause').hidden);

        await page.evaluate(click, '#camera');
        await until(page, pressed, 'camera');
        await until(page, () => Number(document.querySelector('#m-fps').textContent) > 0);
        assert.ok((await page.evaluate(shown)).apart > 2);
        await page.screenshot(path.join(scratch, `${name}-camera.png`));

        assert.equal(await page.evaluate(() => document.querySelector('#alert').textContent), '');
        assert.deepEqual(await page.evaluate(() => window.said), []);
        if (page.said) assert.deepEqual(page.said.filter((line) => !/^(info|debug)/.test(line)), []);
        // And complaints would have been heard.
        await page.evaluate(() => document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' })));
        await later(200);
        assert.equal(await page.evaluate(() => window.ran), null);
        assert.match(String(await page.evaluate(() => window.said)), /policy: script-src/);
      } finally {
        await close();
      }
    });

    it('paints the person, the background, and two styles', async () => {
      const { page, close } = await visited({ files: maskFiles(maskNet()) });
      const paints = async (what, said, wanted) => {
        await until(page, (text) => document.querySelector('#painted').getAttribute('aria-label').startsWith(text), said);
        await until(page, figureAndWall, wanted).catch(() => assert.fail(`${what}: not what was to be painted`));
      };
      try {
        await page.setFiles('#file', [figurePicture()]);
        await until(page, () => document.querySelector('#painted').width === 320);
        await paints('all', 'The picture', [true, true]);
        await page.evaluate(click, '#where input[value=person]');
        await paints('person', 'The person is painted', [true, false]);
        await page.screenshot(path.join(scratch, `${name}-person.png`));
        await page.evaluate(click, '#where input[value=background]');
        await paints('background', 'The background is painted', [false, true]);
        await page.evaluate(choose, '#rest', '1');
        await paints('two styles', 'The background is painted', [true, true]);
        assert.equal(await page.evaluate(() => document.querySelector('#alert').textContent), '');
        assert.deepEqual(await page.evaluate(() => window.said), []);
      } finally {
        await close();
      }
    });

    it('fits a phone', async () => {
      const { page, close } = await visited({}, { width: 390, height: 844 });
      try {
        await later(700);
        await page.screenshot(path.join(scratch, `${name}-phone.png`));
        const wide = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll('#bar, .group')]
          .filter((e) => e.scrollWidth > e.clientWidth).map((e) => `${e.className} ${e.scrollWidth} > ${e.clientWidth}`));
        assert.deepEqual(wide, []);
      } finally {
        await close();
      }
    });

    it('paints a film to its last frame, with its sound', async (t) => {
      const { page, close } = await visited();
      try {
        await page.setFiles('#file', [filmClip()]);
        await until(page, () => /73 frames/.test(document.querySelector('#film-line').textContent));
        await page.evaluate(click, '#film-start');
        await until(page, () => !document.querySelector('#film-save').hidden || document.querySelector('#alert').textContent, null, 60000);
        const said = await page.evaluate(words);
        t.diagnostic(said);
        const file = path.join(scratch, `${name}-whole.mp4`);
        const url = await page.evaluate(() => document.querySelector('#film-save').href);
        writeFileSync(file, Buffer.from(await page.evaluate(fetched, url), 'base64'));
        const { streams } = probe(file, '-count_frames', '-show_streams');
        t.diagnostic(streams.map((s) => `${s.codec_name} ${s.nb_read_frames}`).join(', '));
        assert.equal(Number(streams.find((s) => s.codec_type === 'video').nb_read_frames), 73);
        assert.ok(loudness(file) > -60);
        assert.ok(contrast(file) > 20, 'the film shows nothing');
      } finally {
        await close();
      }
    });

    it('records what it paints, or says that the browser cannot', async (t) => {
      const { page, close } = await visited();
      try {
        await page.evaluate(() => {
          window.saved = [];
          const real = URL.createObjectURL;
          URL.createObjectURL = (blob) => (window.saved.push(blob), real(blob));
          HTMLAnchorElement.prototype.click = () => {};
        });
        await page.evaluate(click, '#record');
        await until(page, () => document.querySelector('#say').textContent || document.querySelector('#alert').textContent);
        const refused = await page.evaluate(() => document.querySelector('#alert').textContent);
        if (refused) return t.skip(`this ${name} has no MediaRecorder; the page says: ${refused}`);
        await later(2500);
        await page.evaluate(click, '#record');
        await until(page, () => window.saved.length > 0);
        const file = path.join(scratch, `${name}-recording`);
        const url = await page.evaluate(() => URL.createObjectURL(window.saved[0]));
        writeFileSync(file, Buffer.from(await page.evaluate(fetched, url), 'base64'));
        const { streams } = probe(file, '-count_frames', '-show_streams');
        t.diagnostic(streams.map((s) => `${s.codec_name} ${s.nb_read_frames}`).join(', '));
        assert.ok(Number(streams.find((s) => s.codec_type === 'video').nb_read_frames) >= 5);
      } finally {
        await close();
      }
    });

    it('is isolated by its service worker where the host sends no headers', async (t) => {
      const { page, close } = await visited({ isolated: false });
      try {
        await until(page, () => crossOriginIsolated);
        t.diagnostic(await page.evaluate(() => document.querySelector('#engine').textContent));
        assert.match(await page.evaluate(() => document.querySelector('#engine').textContent), /threads/);
        assert.deepEqual(await page.evaluate(() => window.said), []);
      } finally {
        await close();
      }
    });
  });
}

const drop = (text) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], 'dropped.jpg', { type: 'image/jpeg' }));
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
};
