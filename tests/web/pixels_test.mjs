// Painted pixels beside those of the native engine, and what each parameter changes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeBrowser, hasBuild, open, unlessInCi, whatIsMissing } from './browser.mjs';
import { compare, drawIn } from './in_page.mjs';

const skip = whatIsMissing();
const timeout = 60000;
const native = process.env.TEMPERA ?? '';
const models = fileURLToPath(new URL('../../models/', import.meta.url));
after(closeBrowser);

// Odd on purpose: sizes that no network likes.
const width = 321;
const height = 243;

async function pictured(options = {}) {
  const opened = await open(options);
  await opened.page.evaluate(compare);
  opened.server.replace['/in.png'] = Buffer.from(await opened.page.evaluate(drawIn, { width, height }));
  return opened;
}

/** Paints the server's in.png with the native engine and gives it out as out.png; target: TEMPERA_CPU. */
function paintNatively(server, style, precision, target = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tempera-web-'));
  try {
    writeFileSync(join(folder, 'in.png'), server.replace['/in.png']);
    execFileSync(native, ['stylize', join(folder, 'in.png'), '-o', join(folder, 'out.png'), '--style',
      join(models, `${style}.onnx`), '--precision', precision],
      { stdio: 'pipe', env: { ...process.env, TEMPERA_CPU: target, TEMPERA_CACHE: 'off' } });
    server.replace['/out.png'] = readFileSync(join(folder, 'out.png'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const noNative = (!native && 'TEMPERA names no tempera binary to compare with') ||
  (!existsSync(native) && `there is no ${native}`);
const cannotCompare = (build) => skip || unlessInCi(noNative) ||
  unlessInCi(!hasBuild(build) && `web/dist has no tempera-${build}.wasm`);

for (const build of ['relaxed', 'simd', 'single']) {
  const why = cannotCompare(build);
  test(`fp32 of the ${build} build is within 2 of the native engine`, { skip: why, timeout }, async () => {
    const { page, server, close } = await pictured();
    try {
      paintNatively(server, 'starry-night', 'fp32');
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
      await close();
    }
  });

  // A target below AVX2 has plain dot kernels only, as src/kernels/dot/dot_table.cc says. The relaxed build multiplies
  // and adds at once in its floating-point part, where the processor can, as AVX2's and AVX-512's do: the same bytes again.
  const like = build === 'relaxed' ? 'the native AVX kernel' : 'the native plain kernel';
  test(`int8 of the ${build} build is ${like}'s byte for byte`, { skip: why, timeout }, async (context) => {
    const { page, server, close } = await pictured();
    const painted = (style) => page.evaluate(async ({ style, build }) => {
      const t = await tempera.Tempera.load({ model: `/models/${style}.onnx`, precision: 'int8', build });
      const [source, reference] = [await window.pixelsOf('/in.png'), await window.pixelsOf('/out.png')];
      const painting = await t.paint(source);
      const { kernel } = t.info;
      t.close();
      return { kernel, far: window.worst(painting, reference), fromSource: window.worst(painting, source) };
    }, { style, build });
    try {
      for (const style of ['starry-night', 'great-wave']) {
        paintNatively(server, style, 'int8', 'sse4');
        const { kernel, far, fromSource } = await painted(style);
        assert.ok(fromSource > 50, 'nothing was painted');
        if (build !== 'relaxed') {
          assert.equal(far, 0, `${style}: bytes differ by ${far}`);
          continue;
        }
        assert.match(kernel, /^wasm_relaxed/, 'the relaxed build paints with a kernel of the other builds');
        // Without AVX-VNNI, weights have 7 bits, as AVX2's pairs of products allow.
        const target = kernel === 'wasm_relaxed' ? 'avx512' : 'avx2';
        if (target === 'avx512') assert.ok(far <= 8, `${style}: bytes differ by ${far}`);
        try {
          paintNatively(server, style, 'int8', target);
        } catch (thrown) {
          assert.match(String(thrown.stderr), /not available on this processor/);
          return context.skip(`this processor has no ${target} to compare with`);
        }
        assert.equal((await painted(style)).far, 0, `${style}: other bytes than with ${target}`);
      }
    } finally {
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
      // A picture that holds still is steady already.
      if (row.name === 'steadiness') assert.equal(row.changed, 0);
      else assert.ok(row.changed > 5, `${row.name} changes nothing`);
      assert.equal(row.back, 0, `${row.name} leaves something behind`);
      assert.ok(row.alpha, `${row.name} changes transparency`);
    }
    assert.equal(seen.untouched, 0, 'strength 0 is not the source');
    assert.deepEqual(seen.complaints, [
      'parameter: There is no parameter nothing; this model has strength, keep_colors, steadiness, brightness, contrast.',
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

test('pixels that are not square are kept in frames, and made square in pictures', { skip, timeout }, async () => {
  const { page, close } = await pictured();
  try {
    const seen = await page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32' });
      t.set('strength', 0);
      const frame = () => {
        const bytes = new Uint8Array(96 * 80 * 1.5).fill(128);
        for (let i = 0; i < 96 * 80; ++i) bytes[i] = i % 96 < 48 ? 40 : 200;
        return new VideoFrame(bytes, { format: 'I420', codedWidth: 96, codedHeight: 80, displayWidth: 128, displayHeight: 80,
          timestamp: 7 });
      };
      const given = frame();
      const data = await t.paint(given, { as: 'data' });
      const bitmap = await t.paint(given);
      const line = [10, 60, 68, 120].map((x) => data.data[4 * (40 * data.width + x)]);
      const sizes = [[data.width, data.height], [bitmap.width, bitmap.height], [t.stats.width, t.stats.height]];
      given.close();
      // Frames come out of tracks.
      const { MediaStreamTrackGenerator: Generator, MediaStreamTrackProcessor: Processor } = window;
      const input = new Generator({ kind: 'video' });
      const writer = input.writable.getWriter();
      const output = await t.process(input);
      const reader = new Processor({ track: output }).readable.getReader();
      const writing = setInterval(() => writer.write(frame()).catch(() => {}), 30);
      const { value } = await reader.read();
      clearInterval(writing);
      const shape = [value.codedWidth, value.codedHeight, value.displayWidth, value.displayHeight];
      value.close();
      t.close();
      return { sizes, line, shape };
    });
    assert.deepEqual(seen.sizes, [[128, 80], [128, 80], [128, 80]]);
    const [left, nearly, behind, right] = seen.line;
    assert.ok(left < 60 && nearly < 60 && behind > 180 && right > 180, `the edge moved: ${seen.line}`);
    assert.deepEqual(seen.shape, [96, 80, 128, 80]);
  } finally {
    await close();
  }
});

test('a frame in wide colours is painted in the colours that it shows', { skip, timeout }, async () => {
  const { page, close } = await pictured();
  try {
    const seen = await page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32' });
      t.set('strength', 0);
      const bytes = new Uint8Array(64 * 64 * 4);
      for (let i = 0; i < bytes.length; i += 4) bytes.set([200, 90, 60, 255], i);
      const colorSpace = { primaries: 'smpte432', transfer: 'iec61966-2-1', matrix: 'rgb', fullRange: true };
      const frame = new VideoFrame(bytes, { format: 'RGBA', codedWidth: 64, codedHeight: 64, timestamp: 0, colorSpace });
      const primaries = frame.colorSpace.primaries;
      const painting = await t.paint(frame, { as: 'data' });
      const c = new OffscreenCanvas(64, 64).getContext('2d');
      c.drawImage(frame, 0, 0);
      const shown = [...c.getImageData(9, 9, 1, 1).data];
      frame.close();
      t.close();
      return { primaries, painted: [...painting.data.subarray(0, 4)], shown };
    });
    assert.equal(seen.primaries, 'smpte432');
    assert.deepEqual(seen.painted, seen.shown);
    assert.notDeepEqual(seen.shown, [200, 90, 60, 255], 'the canvas converts nothing, so this test shows nothing');
  } finally {
    await close();
  }
});

test('a frame whose bytes the browser refuses is drawn', { skip, timeout }, async () => {
  const refuse = "VideoFrame.prototype.copyTo = () => Promise.reject(new TypeError('Unable to copy data'));\n";
  const { page, close } = await pictured({ replace: { '/dist/painter-worker.js': (bytes) => refuse + bytes } });
  try {
    const seen = await page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32' });
      const image = await window.pixelsOf('/in.png');
      const reference = await t.paint(image);
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d').putImageData(image, 0, 0);
      const far = [];
      for (let i = 0; i < 5; ++i) { // after the third copyTo is not asked any more
        const frame = new VideoFrame(canvas, { timestamp: i });
        far.push(window.worst(reference, await t.paint(frame, { as: 'data' })));
        frame.close();
      }
      const { opened, closed } = t.stats;
      t.close();
      return { far, left: opened - closed };
    });
    assert.deepEqual(seen, { far: [0, 0, 0, 0, 0], left: 0 });
  } finally {
    await close();
  }
});
