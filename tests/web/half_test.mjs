// Styles' weights in 16 bits, as the page's build writes them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { halfOf, withHalfWeights } from '../../web/page/half.mjs';
import { metadataOf } from '../../web/page/metadata.mjs';

function valueOf(half) {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -magnitude : magnitude;
}

test('numbers become the nearest half, ties to even', () => {
  const known = [[0, 0], [1, 0x3c00], [-2, 0xc000], [65504, 0x7bff], [2 ** -14, 0x0400], [2 ** -24, 1], [2 ** -26, 0],
    [1 + 2 ** -11, 0x3c00], [1 + 3 * 2 ** -11, 0x3c02], [-0.1, 0xae66], [0.333251953125, 0x3555]];
  for (const [value, half] of known) assert.equal(halfOf(value), half, `${value}`);
});

test('no half is further from its number than its last place', () => {
  for (const dropped of [0, 3, 4]) {
    for (let i = 0; i < 20000; ++i) {
      const value = Math.fround((i % 2 ? -1 : 1) * 2 ** ((i % 29) - 14) * (1 + (i * 0.618) % 1));
      const away = Math.abs(valueOf(halfOf(value, dropped)) - value);
      assert.ok(away <= Math.abs(value) * 2 ** (dropped - 11) + 2 ** -25, `${value} with ${dropped} bits dropped`);
    }
  }
});

test('what no half can hold is refused', () => {
  for (const value of [65520, -1e9, Infinity, NaN]) assert.throws(() => halfOf(value), /does not fit/);
});

test('a style keeps what it says of itself, and weighs less than half', () => {
  const model = readFileSync(new URL('../../models/starry-night.onnx', import.meta.url));
  const half = withHalfWeights(model, 4);
  assert.deepEqual(metadataOf(half), metadataOf(model));
  assert.ok(half.length < 0.55 * model.length, `${half.length} bytes of ${model.length}`);
  assert.ok(gzipSync(half).length < 0.45 * gzipSync(model).length);
  assert.deepEqual(withHalfWeights(half, 4), half); // nothing is left to do
});

test('a file that is cut is refused, not written', () => {
  const model = readFileSync(new URL('../../models/starry-night.onnx', import.meta.url));
  assert.throws(() => withHalfWeights(model.subarray(0, model.length - 100)), /too early/);
});
