// The package in Firefox and WebKit: which build is picked, painted pixels beside the native engine's, every kind of
// picture, parameters.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasBuild } from './browser.mjs';
import { drawIn } from './in_page.mjs';
import { firefox, opened, running, webkit, whatIsMissing } from './other_browsers.mjs';
import { filmClip } from './page_server.mjs';

const timeout = 60000;
const native = process.env.TEMPERA ?? '';
const needsNative = (!native && 'TEMPERA names no tempera binary to compare with') ||
  (!existsSync(native) && `there is no ${native}`);
const model = fileURLToPath(new URL('../../models/starry-night.onnx', import.meta.url));
const [width, height] = [321, 243]; // odd on purpose: sizes that no network likes
// The native kernels whose int8 is as wide: 7 bits for maddubs and the relaxed dot product, 16 where it is widened.
const twins = { relaxed: 'avx2', simd: 'sse4', single: 'sse4' };
// Relaxed SIMD: Firefox has it since 145, WebKit 2.50 has not.
const builds = new Map([[firefox, ['relaxed', 'simd', 'single']], [webkit, ['simd', 'single']]]);

async function pictured(browser, options) {
  const o = await opened(browser, options);
  o.server.replace['/in.png'] = Buffer.from(await o.page.evaluate(drawIn, { width, height }));
  return o;
}

/** What the native engine paints of /in.png, as /out.png. cpu: on which instruction set. */
function paintNatively(server, precision, cpu) {
  const folder = mkdtempSync(join(tmpdir(), 'tempera-web-'));
  try {
    writeFileSync(join(folder, 'in.png'), server.replace['/in.png']);
    execFileSync(native, ['stylize', join(folder, 'in.png'), '-o', join(folder, 'out.png'), '--style', model,
      '--precision', precision], { stdio: 'pipe', env: { ...process.env, ...(cpu ? { TEMPERA_CPU: cpu } : {}) } });
    server.replace['/out.png'] = readFileSync(join(folder, 'out.png'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const browser of builds.keys()) {
  const { name } = browser;
  const skip = whatIsMissing(browser);

  test(`${name}: the best build where the page is isolated, one thread where it is not`, { skip, timeout }, async (t) => {
    for (const isolated of [true, false]) {
      const { page, close } = await opened(browser, { isolated });
      try {
        const info = await page.evaluate(async () => {
          const t = await window.load();
          const { build, threads, kernel, reason } = t.info;
          t.close();
          return { build, threads, kernel, reason, cores: navigator.hardwareConcurrency };
        });
        t.diagnostic(`${name} ${(await running(browser)).version}, ${isolated ? '' : 'not '}isolated: ` +
          `the ${info.build} build (${info.kernel}), ${info.threads} threads. ${info.reason}`);
        assert.equal(info.build, isolated ? builds.get(browser)[0] : 'single');
        if (isolated && info.cores > 1) assert.ok(info.threads >= 2);
        assert.equal(info.reason === '', isolated);
        if (!isolated) assert.match(info.reason, /^One thread paints, because this page is not isolated/);
      } finally {
        await close();
      }
    }
  });

  for (const build of builds.get(browser)) {
    const why = skip || needsNative || (!hasBuild(build) && `web/dist has no tempera-${build}.wasm`);
    test(`${name}: the ${build} build paints what the native engine does`, { skip: why, timeout }, async (t) => {
      const { page, server, close } = await pictured(browser);
      try {
        paintNatively(server, 'fp32');
        const far = await page.evaluate(besideNative, { build, precision: 'fp32' });
        t.diagnostic(`fp32 (${far.kernel}): ${far.fromNative} of 255 at most`);
        assert.equal(far.build, build);
        assert.ok(far.fromNative <= 2, `pixels differ by ${far.fromNative}`);
        assert.ok(far.fromSource > 50, 'nothing was painted');
        try {
          paintNatively(server, 'int8', twins[build]);
        } catch (thrown) {
          return t.diagnostic(`int8 is not compared: no ${twins[build]} here (${String(thrown.stderr).trim()})`);
        }
        assert.equal((await page.evaluate(besideNative, { build, precision: 'int8' })).fromNative, 0, 'int8');
      } finally {
        await close();
      }
    });
  }

  test(`${name}: every kind of picture is painted, and stays the page's`, { skip, timeout }, async (t) => {
    const { page, server, close } = await pictured(browser);
    try {
      server.replace['/clip.mp4'] = readFileSync(filmClip());
      const seen = await page.evaluate(pictures);
      t.diagnostic(`a film's frames are ${seen.video.format}`);
      assert.deepEqual(seen.far, { canvas: 0, bitmap: 0, frame: 0 });
      // Frames of films may come as YUV, which the browser's canvas turns to RGB with other roundings than the engine.
      assert.ok(seen.video.mean < 2, `a film's picture is ${seen.video.mean} away on average`);
      assert.deepEqual(seen.kept, [width, width, 4 * width * height]);
      assert.equal(seen.opened, seen.closed);
    } finally {
      await close();
    }
  });

  test(`${name}: a parameter changes the next painting`, { skip, timeout }, async () => {
    const { page, close } = await pictured(browser);
    try {
      const seen = await page.evaluate(async () => {
        const t = await window.load();
        const source = await window.pixelsOf('/in.png');
        const first = await t.paint(source);
        t.set('strength', 0.5);
        const half = window.worst(first, await t.paint(source));
        t.set('strength', 0);
        const none = window.worst(source, await t.paint(source));
        t.set('strength', 1);
        const again = window.worst(first, await t.paint(source));
        t.close();
        return { half, none, again };
      });
      assert.ok(seen.half > 5);
      assert.deepEqual([seen.none, seen.again], [0, 0]);
    } finally {
      await close();
    }
  });
}

test('WebKit: an isolated page that is given no shared memory paints with one thread, and says why', {
  skip: whatIsMissing(webkit), timeout }, async () => {
  const { page, close } = await opened(webkit, { launch: { shared: false } });
  try {
    const info = await page.evaluate(async () => {
      const t = await window.load();
      const { build, reason } = t.info;
      t.close();
      return { isolated: crossOriginIsolated, build, reason };
    });
    assert.deepEqual(info, { isolated: true, build: 'single',
      reason: 'One thread paints, because this browser shares no memory between threads.' });
  } finally {
    await close();
  }
});

// What runs in the pages.

async function besideNative({ build, precision }) {
  const t = await window.load({ build, precision });
  const source = await window.pixelsOf('/in.png');
  const painted = await t.paint(source);
  const reference = await window.pixelsOf('/out.png');
  const { build: taken, kernel } = t.info;
  t.close();
  return { fromNative: window.worst(painted, reference), fromSource: window.worst(painted, source), build: taken, kernel };
}

async function pictures() {
  const t = await window.load();
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

  const video = Object.assign(document.createElement('video'), { muted: true, src: '/clip.mp4' });
  await new Promise((resolve, reject) => Object.assign(video, { onloadeddata: resolve, onerror: reject }));
  video.currentTime = 1;
  await new Promise((resolve) => (video.onseeked = resolve));
  await window.later(200);
  const drawn = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext('2d');
  drawn.drawImage(video, 0, 0);
  const still = drawn.getImageData(0, 0, video.videoWidth, video.videoHeight);
  const [a, b] = [await t.paint(video, { as: 'data' }), await t.paint(still)];
  const shown = new VideoFrame(video);
  const format = shown.format;
  shown.close();
  const mean = a.data.reduce((sum, v, i) => sum + Math.abs(v - b.data[i]), 0) / a.data.length;
  const { opened, closed } = t.stats;
  t.close();
  return { far, kept, opened, closed, video: { worst: window.worst(a, b), mean, format } };
}
