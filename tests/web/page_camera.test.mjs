// The page with a camera: taken away, turned, looking away; recordings of it, also in a tab that is hidden.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, openBefore, probe, scratch, server, visit } from './page_server.mjs';
import { openTab } from './tab.mjs';

openBefore();

const allow = { permissions: ['camera', 'microphone'] };
const words = (page, id) => page.locator(id).textContent();
const pressed = (page, id) =>
  page.waitForFunction((i) => document.querySelector(i).getAttribute('aria-pressed') === 'true', id);

// A camera that shows a white square of half its shorter side, and can be turned: turnCamera().
function phone(page, facingMode) {
  return page.addInitScript((facing) => {
    navigator.mediaDevices.getUserMedia = async ({ video, audio }) => {
      if (audio && !video) throw new DOMException('no', 'NotAllowedError');
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width: 640, height: 360 });
      const context = canvas.getContext('2d');
      window.turnCamera = () => Object.assign(canvas, { width: canvas.height, height: canvas.width });
      setInterval(() => {
        const { width, height } = canvas;
        context.fillStyle = '#000';
        context.fillRect(0, 0, width, height);
        context.fillStyle = '#fff';
        // In the left half, so that a mirror is seen.
        context.fillRect(width / 2 - 100, height / 2 - 50, 100, 100);
      }, 40);
      const stream = canvas.captureStream(25);
      const [track] = stream.getVideoTracks();
      track.getSettings = () => ({ facingMode: facing, frameRate: 25, deviceId: 'phone' });
      return stream;
    };
  }, facingMode);
}

// Of what is shown before painting: the square's corners, as shares of the picture's shorter side from its middle.
const square = (page) =>
  page.evaluate(() => {
    const { width, height } = document.querySelector('#before');
    const { data } = document.querySelector('#before').getContext('2d').getImageData(0, 0, width, height);
    const xs = [];
    const ys = [];
    for (let i = 0; i < width * height; i += 1) {
      if (data[4 * i] < 128) continue;
      xs.push(i % width);
      ys.push(Math.floor(i / width));
    }
    const side = Math.min(width, height);
    const middle = (list) => list.reduce((a, b) => a + b, 0) / list.length;
    const extent = (list) => list.reduce((a, b) => Math.max(a, b), 0) - list.reduce((a, b) => Math.min(a, b), 1e9) + 1;
    return {
      width,
      height,
      wide: xs.length ? extent(xs) / side : 0,
      high: ys.length ? extent(ys) / side : 0,
      left: middle(xs) < width / 2,
    };
  });

describe('the page with a camera', () => {
  it('goes back to the sample when the browser takes the camera away, says so, and lets it go', async () => {
    const { page, context, errors } = await visit(browser, server.url, { contextOptions: allow });
    await page.click('#camera');
    await pressed(page, '#camera');
    await page.evaluate(() => (window.lent = document.querySelector('#video').srcObject));
    // Its tracks end as they do when the device goes.
    await context.clearPermissions();
    await pressed(page, '#sample');
    assert.match(await words(page, '#alert'), /unplugged/);
    assert.deepEqual(await page.evaluate(() => window.lent.getTracks().map((t) => t.readyState)), ['ended']);
    assert.equal(await page.evaluate(() => document.querySelector('#video').srcObject), null);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('paints a phone that is turned in its new shape, and ends a recording there', async () => {
    const { page, context, errors } = await visit(browser, server.url, { before: (p) => phone(p, 'user') });
    await page.click('#camera');
    await pressed(page, '#camera');
    await page.waitForFunction(() => document.querySelector('#before').width > document.querySelector('#before').height);
    await page.waitForTimeout(1000);
    const upright = await square(page);
    const half = 100 / 360;
    assert.ok(Math.abs(upright.wide - half) < 0.04 && Math.abs(upright.high - half) < 0.04, JSON.stringify(upright));
    // What looks at the visitor is a mirror.
    assert.equal(upright.left, false);
    await page.click('#record');
    await pressed(page, '#record');
    await page.waitForTimeout(1200);
    const [download] = await Promise.all([page.waitForEvent('download'), page.evaluate(() => window.turnCamera())]);
    const file = path.join(scratch, 'turned-away');
    await download.saveAs(file);
    assert.match(await words(page, '#alert'), /turned: the recording ended there. What was recorded until then/);
    const [stream] = probe(file, '-show_streams').streams;
    assert.ok(stream.width > stream.height);
    await page.waitForFunction(() => document.querySelector('#painted').width < document.querySelector('#painted').height);
    await page.waitForTimeout(1000);
    const turned = await square(page);
    assert.ok(turned.height > turned.width);
    assert.ok(Math.abs(turned.wide - half) < 0.04 && Math.abs(turned.high - half) < 0.04, JSON.stringify(turned));
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('does not mirror a camera that looks away, until that is wished', async () => {
    const { page, context } = await visit(browser, server.url, { before: (p) => phone(p, 'environment') });
    await page.click('#camera');
    await pressed(page, '#camera');
    assert.equal(await page.locator('#mirror').isChecked(), false);
    await page.waitForTimeout(1000);
    assert.equal((await square(page)).left, true);
    await page.locator('#mirror').check();
    await page.waitForTimeout(1000);
    assert.equal((await square(page)).left, false);
    await context.close();
  });

  it('records once, however often Record is pressed while the browser asks for the microphone', async () => {
    const { page, context, errors } = await visit(browser, server.url, {
      contextOptions: allow,
      before: (p) =>
        p.addInitScript(() => {
          window.microphones = [];
          window.recorders = 0;
          const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (wish) => {
            if (wish.audio) await new Promise((resolve) => setTimeout(resolve, 800));
            const stream = await real(wish);
            if (wish.audio) window.microphones.push(stream.getAudioTracks()[0]);
            return stream;
          };
          const start = MediaRecorder.prototype.start;
          MediaRecorder.prototype.start = function (...a) {
            window.recorders += 1;
            if (window.noRecorder) throw new DOMException('no encoder is left', 'UnknownError');
            window.recorder = this;
            return start.apply(this, a);
          };
        }),
    });
    await page.click('#camera');
    await pressed(page, '#camera');
    await page.click('#record');
    await page.click('#record');
    await page.keyboard.press('r');
    await pressed(page, '#record');
    await page.waitForTimeout(1200);
    assert.deepEqual(await page.evaluate(() => [window.microphones.length, window.recorders]), [1, 1]);
    // The browser ends it by itself: what there is is saved, and said.
    const [download] = await Promise.all([page.waitForEvent('download'), page.evaluate(() => window.recorder.stop())]);
    assert.match(download.suggestedFilename(), /\.(mp4|webm)$/);
    await page.waitForFunction(() => /browser ended the recording/.test(document.querySelector('#alert').textContent));
    assert.equal(await page.locator('#record').getAttribute('aria-pressed'), 'false');
    assert.equal(await page.locator('#size').isEnabled(), true);
    // One that does not start leaves no microphone on; nor does one whose source went meanwhile.
    await page.evaluate(() => (window.noRecorder = true));
    await page.click('#record');
    await page.waitForFunction(() => /no encoder is left/.test(document.querySelector('#alert').textContent));
    await page.click('#record');
    await page.click('#sample');
    await page.waitForFunction(() => window.microphones.length === 3);
    await page.waitForFunction(() => window.microphones.every((track) => track.readyState === 'ended'));
    assert.equal(await page.locator('#record').getAttribute('aria-pressed'), 'false');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('goes on recording the camera in a hidden tab, and paints nothing there otherwise', async () => {
    const tab = await openTab(server.url);
    try {
      await tab.until('document.documentElement.dataset.painted');
      await tab.evaluate(`(() => {
        const context = document.querySelector('#painted').getContext('2d');
        const draw = context.drawImage.bind(context);
        window.draws = 0;
        context.drawImage = (...a) => { window.draws += 1; draw(...a); };
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { window.saved = blob; return make(blob); };
        document.querySelector('#camera').click();
      })()`);
      await tab.until('document.querySelector("#camera").getAttribute("aria-pressed") === "true" && draws > 5');
      const drawn = async (ms) => {
        const old = await tab.evaluate('draws');
        await new Promise((resolve) => setTimeout(resolve, ms));
        return (await tab.evaluate('draws')) - old;
      };
      await tab.hide();
      await drawn(300);
      assert.equal(await drawn(1500), 0);
      await tab.show();
      await tab.evaluate('document.querySelector("#record").click()');
      await tab.until('document.querySelector("#record").getAttribute("aria-pressed") === "true"');
      await tab.hide();
      const hidden = await drawn(4000);
      // A page's own timers tick once a second there.
      assert.ok(hidden > 10, `${hidden} frames in 4 s`);
      await tab.evaluate('document.querySelector("#record").click()');
      await tab.until('window.saved');
      const text = await tab.evaluate(`(async () => {
        const bytes = new Uint8Array(await window.saved.arrayBuffer());
        return btoa(bytes.reduce((all, byte) => all + String.fromCharCode(byte), ''));
      })()`);
      const file = path.join(scratch, 'hidden-recording');
      writeFileSync(file, Buffer.from(text, 'base64'));
      const video = probe(file, '-count_frames', '-show_streams').streams.find((s) => s.codec_type === 'video');
      assert.ok(Number(video.nb_read_frames) > 10, `${video.nb_read_frames} frames`);
      assert.equal(await drawn(1500), 0);
      await tab.show();
      assert.ok((await drawn(1500)) > 0);
    } finally {
      await tab.close();
    }
  });
});
