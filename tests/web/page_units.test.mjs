// What of the page needs no browser: the automatic size, and what is read of .onnx files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { metadataOf, stylesIn } from '../../web/page/metadata.mjs';
import { root, scratch } from './page_server.mjs';

let sizes;
before(async () => {
  const esbuild = createRequire(path.join(root, 'web/package.json'))('esbuild');
  const outfile = path.join(scratch, 'sizes.mjs');
  await esbuild.build({ entryPoints: [path.join(root, 'web/page/src/sizes.ts')], outfile, format: 'esm' });
  sizes = await import(outfile);
});

// A machine that paints a pixel in so many nanoseconds; returns the shorter sides that were painted, one a change.
function follow(auto, ns, frames, { budget = 40, limit = 1080, noise = () => 1 } = {}) {
  const taken = [auto.shorter];
  for (let i = 0; i < frames; i += 1) {
    const ms = ((auto.shorter ** 2 * 16) / 9) * ns * 1e-6 * noise(i);
    if (auto.note(ms, budget, limit)) taken.push(auto.shorter);
  }
  return taken;
}

describe('the automatic size', () => {
  it('goes down at once on a slow machine, and no deeper than is worth looking at', () => {
    const auto = new sizes.AutoSize(360);
    assert.deepEqual(follow(auto, 250, 10), [360, 270]);
    assert.deepEqual(follow(auto, 3000, 100), [270, 216]);
  });

  it('climbs on a fast one, never above the source', () => {
    const taken = follow(new sizes.AutoSize(360), 10, 2000, { limit: 720 });
    assert.equal(taken.at(-1), 720);
    assert.deepEqual(
      taken,
      [...taken].sort((a, b) => a - b),
    );
  });

  it('does not flap between two sizes', () => {
    const auto = new sizes.AutoSize(360);
    const taken = follow(auto, 160, 3000, { noise: (i) => (i % 7 === 0 ? 1.6 : 1) });
    assert.ok(taken.length <= 3, taken.join(' '));
  });

  it('lets one late frame pass', () => {
    assert.deepEqual(follow(new sizes.AutoSize(360), 100, 60, { noise: (i) => (i % 20 === 5 ? 30 : 1) }), [360]);
  });
});

describe('a size', () => {
  it('keeps the shape, is even, and never larger than the source', () => {
    assert.deepEqual(sizes.sizeFor({ width: 1920, height: 1080 }, 360), { width: 640, height: 360 });
    assert.deepEqual(sizes.sizeFor({ width: 1080, height: 1920 }, 360), { width: 360, height: 640 });
    assert.deepEqual(sizes.sizeFor({ width: 320, height: 240 }, 720), { width: 320, height: 240 });
    assert.deepEqual(sizes.sizeFor({ width: 641, height: 361 }, 1080), { width: 640, height: 360 });
    assert.deepEqual(sizes.sizeFor({ width: 4000, height: 10 }, 360), { width: 4000, height: 32 });
  });
});

describe('what a model says of itself', () => {
  const bytes = readFileSync(path.join(root, 'models/great-wave.onnx'));

  it('is read from the file', () => {
    const said = metadataOf(bytes);
    assert.deepEqual([said['tempera.title'], said['tempera.year']], ['The Great Wave off Kanagawa', '1831']);
  });

  it('is refused where the file is cut off or none', () => {
    assert.throws(() => metadataOf(bytes.subarray(0, bytes.length - 20)), /too early/);
    assert.throws(() => metadataOf(Buffer.from('hello, this is no model')), /not an ONNX file|too early/);
  });
});

describe('a file of many styles', () => {
  const said = {
    'tempera.styles': 'starry-night | great-wave',
    'tempera.artist': 'Vincent van Gogh | Katsushika Hokusai',
    'tempera.year': '1889',
    'tempera.param.strength': 'line = kind = weights of nothing',
    'tempera.param.style_weights': 'kind = weights; elements = The Starry Night | The Great Wave; line = How much',
  };

  it('is a style each, alone', () => {
    assert.deepEqual(stylesIn(said), [
      { name: 'starry-night', title: 'The Starry Night', artist: 'Vincent van Gogh', year: '1889',
        share: { parameter: 'style_weights', weights: [1, 0] } },
      { name: 'great-wave', title: 'The Great Wave', artist: 'Katsushika Hokusai', year: '1889',
        share: { parameter: 'style_weights', weights: [0, 1] } },
    ]);
  });

  it('is none without names or weights', () => {
    assert.deepEqual(stylesIn({}), []);
    assert.deepEqual(stylesIn({ 'tempera.styles': 'a | b' }), []);
    assert.deepEqual(stylesIn({ ...said, 'tempera.styles': '' }), []);
  });
});
