// The page in Chromium: sources, styles, parameters, the divider, pictures, recordings, words when things go wrong.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, filmClip, launch, loudness, openBefore, probe, root, scratch, server, visit } from './page_server.mjs';

openBefore();

const allow = { permissions: ['camera', 'microphone'] };
const words = (page, id) => page.locator(id).textContent();
const painted = (page) =>
  page.evaluate(() => {
    const { width, height } = document.querySelector('#painted');
    const data = document.querySelector('#painted').getContext('2d').getImageData(0, 0, width, height).data;
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + 2 * data[i + 1] + 3 * data[i + 2];
    return { width, height, sum };
  });

// Waits for the page to paint something else than before.
async function changes(page, act) {
  const old = (await painted(page)).sum;
  await act();
  await page.waitForFunction(
    (sum) => {
      const canvas = document.querySelector('#painted');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let now = 0;
      for (let i = 0; i < data.length; i += 4) now += data[i] + 2 * data[i + 1] + 3 * data[i + 2];
      return now !== sum;
    },
    old,
    { timeout: 15000 },
  );
}

const still = async (page) => {
  await page.setInputFiles('#file', path.join(root, 'models/sample.jpg'));
  await page.waitForFunction(() => document.querySelector('#pause').hidden);
  await page.waitForTimeout(700);
};

describe('the page', () => {
  it('paints the sample by itself, without a word of complaint', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    assert.equal(await words(page, '#alert'), '');
    assert.match(await words(page, '#engine'), /thread/);
    assert.equal(await page.locator('.style').count(), 14);
    assert.equal(
      await page
        .locator('.style img')
        .first()
        .evaluate((i) => i.complete && i.naturalWidth > 0),
      true,
    );
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('paints the camera, and mirrors it on wish', async () => {
    const { page, context, errors } = await visit(browser, server.url, { contextOptions: allow });
    await page.click('#camera');
    await page.waitForFunction(() => document.querySelector('#camera').getAttribute('aria-pressed') === 'true');
    await page.waitForFunction(() => {
      const { width, height } = document.querySelector('#painted');
      return Math.abs(width / height - 4 / 3) < 0.02;
    });
    await page.waitForFunction(() => Number(document.querySelector('#m-fps').textContent) > 0, undefined, {
      timeout: 15000,
    });
    // Of a frame that stands still, the painting is turned over; a browser may round its colours in turning.
    await page.click('#pause');
    await page.waitForFunction(() => document.querySelector('#video').paused);
    await page.selectOption('#size', '180');
    await page.waitForFunction(() => document.querySelector('#painted').height === 180);
    const rows = (flip) =>
      page.evaluate((turned) => {
        const canvas = document.querySelector('#painted');
        const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
        if (turned) copy.setTransform(-1, 0, 0, 1, canvas.width, 0);
        copy.drawImage(canvas, 0, 0);
        return [...copy.getImageData(0, 100, canvas.width, 1).data];
      }, flip);
    const mirrored = await rows(true);
    const apart = async () => {
      const now = await rows(false);
      return now.reduce((sum, v, i) => sum + Math.abs(v - mirrored[i]), 0) / now.length;
    };
    assert.ok((await apart()) > 5, 'the test picture is its own mirror image');
    await page.locator('#mirror').uncheck();
    for (let tries = 0; (await apart()) > 3; tries += 1) {
      assert.ok(tries < 50, `${(await apart()).toFixed(1)} apart`);
      await page.waitForTimeout(200);
    }
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('says what to do when the camera is refused, busy or missing', async () => {
    const cases = [
      ['NotAllowedError', /refused.*Allow it/],
      ['NotReadableError', /busy/],
      ['NotFoundError', /No camera was found/],
    ];
    for (const [name, expected] of cases) {
      const { page, context } = await visit(browser, server.url, {
        before: (p) =>
          p.addInitScript((error) => {
            navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', error));
          }, name),
      });
      await page.click('#camera');
      await page.waitForFunction(() => document.querySelector('#alert').textContent !== '');
      assert.match(await words(page, '#alert'), expected);
      // The sample is back, and is painted.
      await page.waitForFunction(() => document.querySelector('#sample').getAttribute('aria-pressed') === 'true');
      await context.close();
    }
  });

  it('is refused the camera by the browser itself', async () => {
    const other = await launch({ args: ['--deny-permission-prompts'] });
    const { page } = await visit(other, server.url);
    await page.click('#camera');
    await page.waitForFunction(() => document.querySelector('#alert').textContent !== '');
    assert.match(await words(page, '#alert'), /refused/);
    await other.close();
  });

  it('lets a camera that comes late not take the place of what was chosen meanwhile', async () => {
    const { page, context, errors } = await visit(browser, server.url, {
      contextOptions: allow,
      before: (p) =>
        p.addInitScript(() => {
          const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (...a) => {
            await new Promise((resolve) => setTimeout(resolve, 1500));
            window.late = await real(...a);
            return window.late;
          };
        }),
    });
    await page.click('#camera');
    await page.click('#sample');
    await page.waitForFunction(() => window.late?.getTracks().every((track) => track.readyState === 'ended'));
    assert.equal(await page.locator('#sample').getAttribute('aria-pressed'), 'true');
    await changes(page, () => undefined);
    assert.equal(await words(page, '#alert'), '');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('changes the picture with every parameter of the model, and resets them', async () => {
    const { page, context } = await visit(browser, server.url);
    await still(page);
    const first = (await painted(page)).sum;
    const sliders = page.locator('#controls input[type=range]');
    assert.ok((await sliders.count()) >= 1);
    await changes(page, () => sliders.first().fill('0.2'));
    await changes(page, () => page.locator('#controls input[type=checkbox]').first().click());
    await changes(page, () => page.click('#reset'));
    await page.waitForFunction(() => document.querySelector('#controls output').textContent === '100 %');
    await page.waitForTimeout(700);
    assert.equal((await painted(page)).sum, first);
    await context.close();
  });

  it('changes the style from the keyboard, and keeps the strength', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await still(page);
    await page.locator('#controls input[type=range]').first().fill('0.5');
    await changes(page, async () => {
      await page.locator('.style input:checked').focus();
      await page.keyboard.press('ArrowRight');
    });
    await page.waitForFunction(() => location.hash === '#great-wave');
    assert.equal(await words(page, '#controls output >> nth=0'), '50 %');
    assert.match(await page.locator('#painted').getAttribute('aria-label'), /Great Wave/);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('does not stumble over an address that names no style, or nothing', async () => {
    for (const hash of ['#%', '#no-such-style']) {
      const { page, context, errors } = await visit(browser, server.url, { hash });
      assert.equal(await words(page, '#alert'), '');
      assert.match(await page.locator('#painted').getAttribute('aria-label'), /The Starry Night/);
      assert.deepEqual(errors, []);
      await context.close();
    }
  });

  it('opens every film in silence, also after one that was heard', async () => {
    const { page, context } = await visit(browser, server.url, {
      before: (p) =>
        p.addInitScript(() => {
          const make = AudioContext.prototype.createGain;
          AudioContext.prototype.createGain = function () {
            return (window.gain = make.call(this));
          };
        }),
    });
    await page.setInputFiles('#file', filmClip());
    await page.click('#sound');
    assert.equal(await page.evaluate(() => window.gain.gain.value), 1);
    await page.setInputFiles('#file', filmClip());
    await page.waitForFunction(() => document.querySelector('#sound').getAttribute('aria-pressed') === 'false');
    // Recording takes the sound, and does not play it aloud.
    await page.waitForTimeout(500);
    await page.click('#record');
    await page.waitForFunction(() => document.querySelector('#record').getAttribute('aria-pressed') === 'true');
    assert.equal(await page.evaluate(() => window.gain.gain.value), 0);
    await context.close();
  });

  it('takes the last of several styles that are chosen in haste', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await still(page);
    for (const n of [1, 2, 3]) await page.locator('.style').nth(n).click();
    await page.waitForFunction(() => location.hash === '#tableau');
    assert.equal(await page.locator('.style input').nth(3).isChecked(), true);
    assert.match(await page.locator('#painted').getAttribute('aria-label'), /Composition with lines/);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('moves the divider by keys and by pointer', async () => {
    const { page, context } = await visit(browser, server.url);
    const now = async () => Number(await page.locator('#divider').getAttribute('aria-valuenow'));
    await page.locator('#divider').focus();
    await page.keyboard.press('End');
    assert.equal(await now(), 100);
    await page.keyboard.press('ArrowLeft');
    assert.equal(await now(), 98);
    await page.keyboard.press('Home');
    assert.equal(await now(), 0);
    const box = await page.locator('#frame').boundingBox();
    await page.mouse.move(box.x + 2, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 4 });
    await page.mouse.up();
    assert.ok(Math.abs((await now()) - 50) <= 1, String(await now()));
    await context.close();
  });

  it('paints the size that is chosen, and follows the time when it is automatic', async () => {
    const { page, context } = await visit(browser, server.url);
    await page.selectOption('#size', '144');
    await page.waitForFunction(() => document.querySelector('#painted').height === 144);
    await page.selectOption('#size', '0');
    await page.waitForFunction(() => document.querySelector('#painted').height >= 216);
    await page.waitForFunction(() => /Automatic \(\d+ × \d+\)/.test(document.querySelector('#size').options[0].text));
    await context.close();
  });

  it('saves a picture of the whole painting as PNG', async () => {
    const { page, context } = await visit(browser, server.url);
    await still(page);
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
    const file = path.join(scratch, 'snapshot.png');
    await download.saveAs(file);
    assert.match(download.suggestedFilename(), /^tempera-starry-night-[\d-]+\.png$/);
    const [stream] = probe(file, '-show_streams').streams;
    const { width, height } = await painted(page);
    assert.deepEqual([stream.codec_name, stream.width, stream.height], ['png', width, height]);
    await context.close();
  });

  for (const source of ['camera', 'film']) {
    it(`records the ${source} with sound`, async () => {
      const { page, context } = await visit(browser, server.url, { contextOptions: allow });
      if (source === 'camera') await page.click('#camera');
      else await page.setInputFiles('#file', filmClip());
      await page.waitForFunction(
        (s) =>
          document.querySelector(s === 'camera' ? '#camera' : '#sample').getAttribute('aria-pressed') ===
          String(s === 'camera'),
        source,
      );
      await page.waitForTimeout(500);
      await page.click('#record');
      await page.waitForTimeout(2500);
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('#record')]);
      const file = path.join(scratch, `recording-${source}`);
      await download.saveAs(file);
      const { streams } = probe(file, '-count_frames', '-show_streams');
      const video = streams.find((s) => s.codec_type === 'video');
      assert.ok(Number(video.nb_read_frames) >= 10, `${video.nb_read_frames} frames`);
      assert.ok(loudness(file) > -60, `${loudness(file)} dB`);
      await context.close();
    });
  }

  it('runs a dropped .onnx, and says what is wrong with another', async () => {
    const { page, context } = await visit(browser, server.url);
    const bytes = readFileSync(path.join(root, 'models/the-scream.onnx'));
    const drop = (name, content) =>
      page.evaluate(
        ([n, text]) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], n));
          document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        },
        [name, content.toString('base64')],
      );
    await changes(page, () => drop('mine.onnx', bytes));
    await page.waitForFunction(() => document.querySelectorAll('.style').length === 15);
    assert.match(await words(page, '#say'), /The Scream paints now/);
    assert.equal(
      await page
        .locator('.style img')
        .nth(14)
        .evaluate((i) => i.complete && i.naturalWidth > 0),
      true,
    );
    // One operator's name exchanged for one that nobody knows, of the same length.
    const odd = Buffer.from(bytes);
    let at = odd.indexOf(Buffer.from('\x22\x04Conv'));
    assert.ok(at > 0);
    for (; at > 0; at = odd.indexOf(Buffer.from('\x22\x04Conv'), at)) odd.write('Quux', at + 2);
    await drop('odd.onnx', odd);
    await page.waitForFunction(() => /Quux/.test(document.querySelector('#alert').textContent));
    await drop('broken.onnx', Buffer.from('not a model at all'));
    await page.waitForFunction(() => /broken cannot be used/.test(document.querySelector('#alert').textContent));
    // What was wrong is not said any more when something else is painted.
    await page.setInputFiles('#file', path.join(root, 'models/sample.jpg'));
    await page.waitForFunction(() => document.querySelector('#alert').textContent === '');
    await drop('notes.txt', Buffer.from('hello'));
    await page.waitForFunction(() => /cannot be opened here/.test(document.querySelector('#alert').textContent));
    await context.close();
  });

  it('paints a large picture at its size, though the memory has to grow for it', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await page.setInputFiles('#file', bigPicture());
    await page.waitForFunction(() => document.querySelector('#painted').height === 720, undefined, { timeout: 30000 });
    await page.selectOption('#size', '1080');
    await page.waitForFunction(() => document.querySelector('#painted').height === 1080, undefined, { timeout: 60000 });
    assert.equal(await words(page, '#alert'), '');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('says so when memory runs out, and goes on smaller', async () => {
    const { page, context } = await visit(browser, server.url, {
      before: (p) =>
        p.addInitScript(() => {
          const real = window.createImageBitmap;
          // The picture itself is larger, and may be copied.
          window.createImageBitmap = (...a) =>
            a[0].height >= 400 && a[0].height < 1200
              ? Promise.reject(new RangeError('Array buffer allocation failed'))
              : real(...a);
        }),
    });
    await page.setInputFiles('#file', bigPicture());
    await page.selectOption('#size', '720');
    await page.waitForFunction(() => /not enough memory/.test(document.querySelector('#alert').textContent));
    await page.waitForFunction(() => document.querySelector('#painted').height === 360);
    await context.close();
  });
});

function bigPicture() {
  const file = path.join(scratch, 'big.bmp');
  const [width, height] = [1600, 1200];
  const bytes = Buffer.alloc(54 + width * height * 3, 90);
  bytes.write('BM');
  bytes.fill(0, 2, 54);
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  writeFileSync(file, bytes);
  return file;
}
