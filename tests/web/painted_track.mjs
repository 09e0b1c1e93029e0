// What every browser's painted track of a camera has to be.
import assert from 'node:assert/strict';

/** seen: what a page saw of the path `path`. least: how far the means of painting and source lie apart. */
export function assertPainted(seen, path, least) {
  assert.ok(seen.came, 'nothing was painted');
  assert.equal(seen.path, path);
  assert.deepEqual([seen.painted.width, seen.painted.height], [320, 240]);
  const far = (a, b) => Math.max(...a.mean.map((v, k) => Math.abs(v - b.mean[k])));
  assert.ok(far(seen.raw, seen.painted) > least, `the painting is the source: ${JSON.stringify(seen)}`);
  // A browser's own camera goes on through its colours between the two looks, further where the machine is busy.
  const near = Math.max(6, far(seen.painted, seen.source) / 3);
  assert.ok(far(seen.now, seen.source) < near, `strength 0 is not the source: ${JSON.stringify(seen)}`);
}
