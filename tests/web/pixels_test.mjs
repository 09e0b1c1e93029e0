// Painted pixels beside those of the native engine, and what each parameter changes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeBrowser, hasBuild, open, whatIsMissing } from './browser.mjs';

const skip = whatIsMissing();
const timeout = 60000;
const native = process.env.TEMPERA ?? '';
const model = fileURLToPath(new URL('../../models/starry-night.onnx', import.meta.url));
after(closeBrowser);

// Odd on purpose: sizes that no network likes.
const width = 321;
const height = 243;

/** A picture with edges, a gradient and text, the same in every run; as PNG. */
const drawIn = async ({ width, height }) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const c = canvas.getContext('2d');
  const sky = c.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, '#28507c');
  sky.addColorStop(0.6, '#f0c890');
  sky.addColorStop(1, '#301810');
  c.fillStyle = sky;
  c.fillRect(0, 0, width, height);
  for (let i = 0; i < 40; ++i) {
    c.fillStyle = `hsl(${(i * 47) % 360} 70% ${20 + ((i * 13) % 60)}%)`;
    c.fillRect((i * 67) % width, (i * 41) % height, 8 + ((i * 5) % 40), 6 + ((i * 11) % 30));
  }
  c.font = '40px sans-serif';
  c.fillStyle = '#fff';
  c.fillText('tempera', 40, 120);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  return [...new Uint8Array(await blob.arrayBuffer())];
};

/** window.pixelsOf: the ImageData of a picture that the server has. */
const pixelsOf = () => {
  window.pixelsOf = async (path) => {
    const bitmap = await createImageBitmap(await (await fetch(path)).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
    const c = canvas.getContext('2d');
    c.drawImage(bitmap, 0, 0);
    return c.getImageData(0, 0, bitmap.width, bitmap.height);
  };
  window.worst = (a, b) => {
    let worst = 0;
    for (let i = 0; i < a.data.length; ++i) worst = Math.max(worst, Math.abs(a.data[i] - b.data[i]));
    return worst;
  };
};

async function pictured(options = {}) {
  const opened = await open(options);
  await opened.page.evaluate(pixelsOf);
  opened.server.replace['/in.png'] = Buffer.from(await opened.page.evaluate(drawIn, { width, height }));
  return opened;
}

for (const build of ['relaxed', 'simd', 'single']) {
  const why = skip || (!native && 'TEMPERA names no tempera binary to compare with') ||
    (!existsSync(native) && `there is no ${native}`) || (!hasBuild(build) && `web/dist has no tempera-${build}.wasm`);
  test(`fp32 of the ${build} build is within 2 of the native engine`, { skip: why, timeout }, async () => {
    const { page, server, close } = await pictured();
    const folder = mkdtempSync(join(tmpdir(), 'tempera-web-'));
    try {
      writeFileSync(join(folder, 'in.png'), server.replace['/in.png']);
      execFileSync(native, ['stylize', join(folder, 'in.png'), '-o', join(folder, 'out.png'), '--style', model,
        '--precision', 'fp32'], { stdio: 'pipe' });
      server.replace['/out.png'] = readFileSync(join(folder, 'out.png'));
      const far = await page.evaluate(async (build) => {
        const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32', build });
        const source = await window.pixelsOf('/in.png');
        const painted = await t.paint(source);
        const reference = await window.pixelsOf('/out.png');
        const bitmap = await t.paint(source, { as: 'bitmap' });
        const drawn = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
        drawn.drawImage(bitmap, 0, 0);
        const again = drawn.getImageData(0, 0, bitmap.width, bitmap.height);
        const result = { fromNative: window.worst(painted, reference), fromSource: window.worst(painted, source),
          bitmap: window.worst(painted, again), build: t.info.build, sizes: [painted.width, painted.height] };
        t.close();
        return result;
      }, build);
      assert.equal(far.build, build);
      assert.deepEqual(far.sizes, [width, height]);
      assert.ok(far.fromNative <= 2, `pixels differ by ${far.fromNative}`);
      assert.ok(far.fromSource > 50, 'nothing was painted');
      assert.equal(far.bitmap, 0, 'an ImageBitmap shows other pixels than an ImageData');
    } finally {
      rmSync(folder, { recursive: true });
      await close();
    }
  });
}

test('each parameter changes the next frame and nothing else', { skip, timeout }, async () => {
  const { page, close } = await pictured();
  try {
    const seen = await page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/great-wave.onnx', precision: 'fp32' });
      const source = await window.pixelsOf('/in.png');
      const first = await t.paint(source);
      const rows = [];
      for (const p of t.params) {
        const initial = p.default;
        const [low, high] = p.range;
        const list = Array.isArray(initial) ? initial.map((v) => (v === low ? high : low)) : null;
        t.set(p.name, list ?? (initial === low ? high : low));
        const changed = await t.paint(source);
        const value = t.params.find((q) => q.name === p.name).value;
        t.set(p.name, initial);
        const back = await t.paint(source);
        rows.push({ name: p.name, changed: window.worst(first, changed), back: window.worst(first, back), value,
          alpha: changed.data.every((v, i) => i % 4 !== 3 || v === 255) });
      }
      t.set('strength', 0);
      const untouched = window.worst(await t.paint(source), source);
      const complaints = [];
      for (const [name, value] of [['nothing', 1], ['strength', 3], ['strength', NaN], ['strength', [1, 1]]]) {
        try {
          t.set(name, value);
          complaints.push(`${name} ${value} was taken`);
        } catch (e) {
          complaints.push(`${e.code}: ${e.message}`);
        }
      }
      t.close();
      return { rows, untouched, complaints };
    });
    assert.ok(seen.rows.length >= 2);
    for (const row of seen.rows) {
      assert.ok(row.changed > 5, `${row.name} changes nothing`);
      assert.equal(row.back, 0, `${row.name} leaves something behind`);
      assert.ok(row.alpha, `${row.name} changes transparency`);
    }
    assert.equal(seen.untouched, 0, 'strength 0 is not the source');
    assert.deepEqual(seen.complaints, [
      'parameter: There is no parameter nothing; this model has strength, keep_colors.',
      'parameter: strength takes 0 to 1, not 3.',
      'parameter: strength takes 0 to 1, not NaN.',
      'parameter: strength takes 1 numbers, not 2.',
    ]);
  } finally {
    await close();
  }
});

test('every kind of picture is painted, and stays the page\'s', { skip, timeout }, async () => {
  const { page, close } = await pictured();
  try {
    const seen = await page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32' });
      const image = await window.pixelsOf('/in.png');
      const reference = await t.paint(image);
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d').putImageData(image, 0, 0);
      const bitmap = await createImageBitmap(image);
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      const far = {};
      for (const [name, picture] of Object.entries({ canvas, bitmap, frame })) {
        far[name] = window.worst(reference, await t.paint(picture, { as: 'data' }));
      }
      const kept = [bitmap.width, frame.codedWidth, image.data.byteLength];
      frame.close();
      const refused = [];
      for (const bad of [frame, document.createElement('video'), {}, null]) {
        refused.push(await t.paint(bad).then(() => 'painted', (e) => `${e.code}: ${e.message}`));
      }
      const { opened, closed } = t.stats;
      t.close();
      refused.push(await t.paint(image).then(() => 'painted', (e) => `${e.code}: ${e.message}`));
      return { far, kept, refused, opened, closed };
    });
    assert.deepEqual(seen.far, { canvas: 0, bitmap: 0, frame: 0 });
    assert.deepEqual(seen.kept, [width, width, 4 * width * height]);
    assert.equal(seen.refused.length, 5);
    for (const line of seen.refused.slice(0, 4)) assert.match(line, /^source: .*\.$/);
    assert.equal(seen.refused[4], 'closed: Tempera was closed.');
    assert.equal(seen.opened, seen.closed);
  } finally {
    await close();
  }
});
