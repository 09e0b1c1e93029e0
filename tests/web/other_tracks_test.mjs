// process() in Firefox and WebKit: what the painted track shows, and that nothing stays open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firefox, opened, webkit, whatIsMissing } from './other_browsers.mjs';
import { assertPainted } from './painted_track.mjs';

const timeout = 60000;

// Safari's path needs a switch in WebKit's port; so does a look at tracks from a worker, which is how they are seen
// there: it mixes up what two videos of one page show.
const features = ['+MediaStreamTrackProcessing'];
const cases = [
  { browser: firefox, path: 'canvas', look: { by: 'video' } },
  { browser: webkit, path: 'canvas', look: { by: 'worker', path: 'canvas', features } },
  { browser: webkit, path: 'safari', look: { by: 'worker', features }, features },
];

for (const { browser, path, look, features } of cases) {
  const { name } = browser;
  const skip = whatIsMissing(browser);

  test(`${name}: a camera's track comes out painted by the ${path} path, and ends with it`, { skip, timeout }, async () => {
    const { page, close } = await opened(browser, { features: look.features });
    try {
      const seen = await page.evaluate(painted, look);
      assertPainted(seen, path, 8);
      assert.ok(seen.stopped, 'it did not end with its source');
      assert.equal(seen.ended, 1, `it ended ${seen.ended} times`);
      assert.deepEqual(seen.errors, []);
      assert.ok(seen.stats.opened > 0);
      assert.equal(seen.stats.opened, seen.stats.closed);
    } finally {
      await close();
    }
  });

  test(`${name}: 50 starts and stops of the ${path} path leave no frame open`, { skip, timeout }, async (t) => {
    const { page, close } = await opened(browser, { features });
    try {
      const seen = await page.evaluate(startAndStop, 50);
      t.diagnostic(`${seen.opened} frames opened, ${seen.opened - seen.closed} left open`);
      assert.equal(seen.painting, 25);
      assert.equal(seen.taken, path);
      assert.deepEqual([seen.live, seen.path, seen.state], [[], '', 'live']);
      assert.ok(seen.opened >= 25);
      assert.equal(seen.opened - seen.closed, 0);
    } finally {
      await close();
    }
  });
}

// What runs in the pages.

/** by: what looks at tracks. path: the one to take; otherwise the browser's own. */
async function painted({ path, by }) {
  const look = {
    worker: (track) => new Promise((resolve, reject) => {
      const worker = new Worker('/pages/look-worker.js');
      Object.assign(worker, { onmessage: (e) => resolve(e.data), onerror: reject });
      const clone = track.clone();
      worker.postMessage(clone, [clone]);
      setTimeout(() => reject(new Error('the track shows nothing')), 5000);
    }),
    video: async (track) => {
      const video = await window.shown(track);
      await window.later(200);
      const seen = window.look(video);
      video.srcObject = null;
      return seen;
    },
  }[by];
  const t = await window.load();
  const track = await window.camera();
  const raw = await look(track);
  const errors = [];
  const out = await t.process(track, { onerror: (e) => errors.push(e.message), ...(path ? { path } : {}) });
  let ended = 0;
  out.onended = () => ++ended;
  const came = await window.until(() => t.stats.painted >= 5);
  const apart = (a, b) => Math.max(...a.mean.map((v, k) => Math.abs(v - b.mean[k])));
  let painted = null;
  // Even so WebKit's port now and then shows one track's picture as another's.
  for (let i = 0; i < 8 && (!painted || apart(painted, raw) < 8); ++i) painted = await look(out);
  t.set('strength', 0);
  const before = t.stats.painted;
  await window.until(() => t.stats.painted >= before + 4);
  const source = await look(out);
  const now = await look(track);
  const taken = t.stats.path;
  track.stop();
  const stopped = await window.until(() => out.readyState === 'ended' && t.stats.path === '');
  await window.later(100);
  const stats = t.stats;
  t.close();
  return { came, raw, painted, now, source, path: taken, stopped, ended, errors, stats };
}

async function startAndStop(starts) {
  const t = await window.load({ threads: 1 });
  const track = await window.camera(160, 120);
  const ways = ['output', 'stop', 'signal', 'again', 'clone'];
  let painting = 0;
  const states = [];
  let taken = '';
  for (let i = 0; i < starts; ++i) {
    const way = ways[i % ways.length];
    const control = new AbortController();
    const own = way === 'clone' ? track.clone() : track;
    const before = t.stats.painted;
    const out = await t.process(own, { signal: control.signal });
    taken = t.stats.path;
    // Half of them are stopped before anything is painted.
    if (i % 2 === 0 && (await window.until(() => t.stats.painted > before, 3000))) ++painting;
    if (way === 'output') out.stop();
    if (way === 'stop') await t.stop();
    if (way === 'signal') control.abort();
    if (way === 'clone') own.stop();
    if (way !== 'again') {
      await window.until(() => t.stats.path === '' && out.readyState === 'ended', 4000);
      states.push(`${way} ${out.readyState}`);
    }
  }
  await t.stop();
  const { opened, closed, path } = t.stats;
  t.close();
  return { opened, closed, path, taken, painting, live: states.filter((s) => !s.endsWith('ended')), state: track.readyState };
}
