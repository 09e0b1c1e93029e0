// process(): a track in, a painted track out, on each of the three paths; no frame stays open on any.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, open, whatIsMissing } from './browser.mjs';
import { counting, listening } from './frame_count.mjs';
import { tools } from './in_page.mjs';
import * as safari from './safari_shim.mjs';
import { assertPainted } from './painted_track.mjs';

const skip = whatIsMissing();
const timeout = 90000;
const starts = Number(process.env.TEMPERA_STARTS ?? 50); // 1,000 by hand
after(closeBrowser);

const takeAway = 'delete window.MediaStreamTrackProcessor; delete window.MediaStreamTrackGenerator;';
const paths = {
  chrome: {},
  canvas: { before: takeAway },
  safari: { before: safari.inPage, replace: { '/dist/pump-worker.js': (bytes) => safari.inWorker + bytes } },
};
async function opened(path) {
  const o = await open(paths[path]);
  await o.page.evaluate(tools);
  return o;
}

/** The same with VideoFrames counted in page and workers. */
async function counted(path, inPump = '') {
  const { before = '', replace = {} } = paths[path];
  const pump = replace['/dist/pump-worker.js'] ?? ((bytes) => bytes);
  const o = await open({
    before: counting + before,
    replace: {
      '/dist/pump-worker.js': (bytes) => counting + inPump + pump(bytes),
      '/dist/painter-worker.js': (bytes) => counting + bytes,
    },
  });
  await o.page.evaluate(tools);
  await o.page.evaluate(listening);
  return o;
}

/** What Chromium's collector says of frames that the page left open, ten seconds later. In workers it says nothing. */
async function leaks({ page, said }) {
  await page.evaluate(() => {
    for (let i = 0; i < 3; ++i) globalThis.gc();
  });
  await page.waitForTimeout(12000);
  return said.filter((line) => /garbage collected without being closed/i.test(line));
}

test('a frame that is left open is found', { skip, timeout }, async () => {
  const o = await opened('chrome');
  try {
    await o.page.evaluate(() => {
      const frame = () => new VideoFrame(new Uint8Array(16384), { format: 'RGBA', codedWidth: 64, codedHeight: 64,
        timestamp: 0 });
      return frame().format;
    });
    assert.ok((await leaks(o)).length > 0);
  } finally {
    await o.close();
  }
});

test('a frame that is left open in a worker is found', { skip, timeout }, async () => {
  // The track's worker closes no frame that it drops.
  const o = await counted('chrome', "VideoFrame.prototype.close = () => {};");
  try {
    const counts = await o.page.evaluate(async () => {
      const t = await window.load({ threads: 1 });
      const track = await window.camera(640, 480);
      await t.process(track);
      await window.until(() => t.stats.dropped >= 3);
      await t.stop();
      const counts = await window.frameCounts();
      t.close();
      return counts;
    });
    assert.ok(counts['tempera-pump'].open > 0, JSON.stringify(counts));
  } finally {
    await o.close();
  }
});

for (const path of Object.keys(paths)) {
  test(`${path}: a camera's track comes out painted, and ends with it`, { skip, timeout }, async () => {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load();
        const track = await window.camera();
        const camera = await window.shown(track);
        const errors = [];
        const out = await t.process(track, { onerror: (e) => errors.push(e.message) });
        let ended = false;
        out.onended = () => (ended = true);
        const video = await window.shown(out);
        const came = await window.until(() => t.stats.painted >= 5);
        const painted = window.look(video);
        const raw = window.look(camera);
        t.set('strength', 0);
        const before = t.stats.painted;
        await window.until(() => t.stats.painted >= before + 4);
        await window.later(100);
        const [now, source] = [window.look(camera), window.look(video)];
        const path = t.stats.path;
        track.stop();
        const stopped = await window.until(() => out.readyState === 'ended' && t.stats.path === '');
        const stats = t.stats;
        t.close();
        return { came, raw, painted, now, source, path, stopped, ended, errors, stats, transferred: window.transferred };
      });
      assertPainted(seen, path, 10);
      assert.ok(seen.stopped && seen.ended, 'it did not end with its source');
      assert.deepEqual(seen.errors, []);
      assert.ok(seen.stats.opened > 0);
      assert.equal(seen.stats.opened, seen.stats.closed);
      if (path === 'safari') assert.ok(seen.transferred > 0, 'the track was not transferred');
    } finally {
      await o.close();
    }
  });

  test(`${path}: ${starts} starts and stops leave no frame open`, { skip, timeout: timeout + 2000 * starts }, async () => {
    const o = await counted(path);
    try {
      const seen = await o.page.evaluate(async (starts) => {
        const t = await window.load({ threads: 1 });
        const track = await window.camera(160, 120);
        const ways = ['output', 'stop', 'signal', 'again', 'clone'];
        let painting = 0;
        const states = [];
        for (let i = 0; i < starts; ++i) {
          const way = ways[i % ways.length];
          const control = new AbortController();
          const own = way === 'clone' ? track.clone() : track;
          const before = t.stats.painted;
          const out = await t.process(own, { signal: control.signal });
          // Half of them are stopped before anything is painted.
          if (i % 2 === 0 && (await window.until(() => t.stats.painted > before, 3000))) ++painting;
          if (way === 'output') out.stop();
          if (way === 'stop') await t.stop();
          if (way === 'signal') control.abort();
          if (way === 'clone') own.stop();
          if (way !== 'again') {
            await window.until(() => t.stats.path === '', 4000);
            states.push(out.readyState);
          }
        }
        await t.stop();
        const { opened, closed, path } = t.stats;
        const counts = await window.frameCounts();
        return { opened, closed, path, painting, counts, live: states.filter((s) => s !== 'ended').length, state: track.readyState };
      }, starts);
      assert.equal(seen.painting, starts / 2);
      assert.equal(seen.live, 0, 'painted tracks went on');
      assert.equal(seen.path, '');
      assert.equal(seen.state, 'live', 'the source was stopped');
      assert.ok(seen.opened >= starts / 2);
      assert.equal(seen.opened - seen.closed, 0);
      // Not what the package says of itself: the frames themselves.
      for (const [name, { open }] of Object.entries(seen.counts)) assert.equal(open, 0, `${name}: ${JSON.stringify(seen.counts)}`);
      assert.ok(seen.counts['tempera-painter'].seen >= starts / 2, JSON.stringify(seen.counts));
      const carrier = path === 'canvas' ? seen.counts.page : seen.counts['tempera-pump'];
      assert.ok(carrier.seen >= starts / 2, JSON.stringify(seen.counts));
      if (path !== 'canvas') assert.equal(carrier.ended, starts, 'a worker of a track ended without a word');
      assert.deepEqual(await leaks(o), []);
    } finally {
      await o.close();
    }
  });

  test(`${path}: frames that come too fast are dropped, and closed`, { skip, timeout }, async () => {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load({ threads: 1, memoryMB: 64 });
        await t.prepare(800, 600);
        const track = await window.camera(800, 600);
        const out = await t.process(track);
        await window.shown(out);
        const came = await window.until(() => t.stats.dropped >= 5 && t.stats.painted >= 3, 20000);
        track.stop();
        await window.until(() => t.stats.path === '');
        const { opened, closed, dropped, painted } = t.stats;
        t.close();
        return { came, opened, closed, dropped, painted };
      });
      assert.ok(seen.came, `nothing was dropped: ${JSON.stringify(seen)}`);
      assert.ok(seen.opened >= 3);
      assert.equal(seen.opened - seen.closed, 0);
    } finally {
      await o.close();
    }
  });

  test(`${path}: a track that changes its size goes on`, { skip, timeout }, async () => {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load();
        const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 120 });
        const c = canvas.getContext('2d');
        let i = 0;
        const drawing = setInterval(() => {
          c.fillStyle = `hsl(${(++i * 20) % 360} 80% 50%)`;
          c.fillRect(0, 0, canvas.width, canvas.height);
        }, 40);
        const errors = [];
        const out = await t.process(canvas.captureStream().getVideoTracks()[0], {
          onerror: (e) => errors.push(e.message),
        });
        const video = await window.shown(out);
        const sizes = [];
        for (const [width, height] of [[160, 120], [201, 151], [96, 200]]) {
          canvas.width = width;
          canvas.height = height;
          await window.until(() => video.videoWidth === width && video.videoHeight === height, 6000);
          sizes.push([video.videoWidth, video.videoHeight]);
        }
        clearInterval(drawing);
        await t.stop();
        const { opened, closed } = t.stats;
        t.close();
        return { sizes, errors, opened, closed };
      });
      assert.deepEqual(seen.sizes, [[160, 120], [201, 151], [96, 200]]);
      assert.deepEqual(seen.errors, []);
      assert.equal(seen.opened, seen.closed);
    } finally {
      await o.close();
    }
  });
}

test('two larger memories while a frame is owed end both workers before them', { skip, timeout }, async () => {
  // The first painter holds the second frame of the track back until the others are there.
  const slow = (bytes) => `{
    let first = false;
    let frames = 0;
    self.addEventListener('message', ({ data }) => { if (data.type === 'start') first = data.memoryMB === 32; });
    const hear = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
    Object.defineProperty(MessagePort.prototype, 'onmessage', { set(f) {
      hear.set.call(this, (event) => {
        if (first && ++frames === 2) setTimeout(() => f(event), 4000);
        else f(event);
      });
    } });
  }
  ${bytes}`;
  const o = await open({ replace: { '/dist/painter-worker.js': slow } });
  try {
    await o.page.evaluate(tools);
    const seen = await o.page.evaluate(async () => {
      const painters = { started: 0, ended: 0 };
      const Own = window.Worker;
      window.Worker = class extends Own {
        constructor(url, options) {
          super(url, options);
          this.paints = options.name === 'tempera-painter';
          if (this.paints) ++painters.started;
        }
        terminate() {
          super.terminate();
          if (this.paints) ++painters.ended;
        }
      };
      const t = await window.load({ threads: 1 });
      await t.process(await window.camera(160, 120));
      await window.until(() => t.stats.painted >= 1);
      await window.later(200);
      await t.prepare(1100, 700);
      await t.prepare(1500, 1000);
      const before = { ...painters };
      const painted = t.stats.painted;
      const ended = await window.until(() => painters.ended === painters.started - 1, 15000);
      const goesOn = await window.until(() => t.stats.painted > painted + 3);
      await t.stop();
      const { opened, closed } = t.stats;
      t.close();
      return { before, painters, ended, goesOn, opened, closed };
    });
    assert.ok(seen.before.started >= 3, JSON.stringify(seen));
    assert.ok(seen.before.ended <= seen.before.started - 3, 'nothing was owed: this test shows nothing');
    assert.ok(seen.ended && seen.goesOn, JSON.stringify(seen));
    assert.equal(seen.opened, seen.closed);
  } finally {
    await o.close();
  }
});

test('two calls of process() at once take turns, and only the last track is live', { skip, timeout }, async () => {
  for (const path of Object.keys(paths)) {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load();
        const track = await window.camera(160, 120);
        const outs = await Promise.all([t.process(track), t.process(track), t.process(track)]);
        const states = outs.map((out) => out.readyState);
        const came = await window.until(() => t.stats.painted >= 3);
        const starting = t.process(track);
        await t.stop();
        const last = (await starting).readyState;
        const { opened, closed, path } = t.stats;
        t.close();
        return { states, came, last, opened, closed, path };
      });
      assert.deepEqual(seen.states, ['ended', 'ended', 'live'], path);
      assert.ok(seen.came);
      assert.deepEqual([seen.last, seen.path], ['ended', '']);
      assert.equal(seen.opened, seen.closed);
    } finally {
      await o.close();
    }
  }
});

test('a track without a frame holds up nobody', { skip, timeout }, async () => {
  for (const path of Object.keys(paths)) {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load();
        const still = document.createElement('canvas').captureStream(0).getVideoTracks()[0];
        const start = performance.now();
        const out = await t.process(still);
        const control = new AbortController();
        const waiting = t.process(still.clone(), { signal: control.signal }).then(() => 'came', (e) => e.message);
        setTimeout(() => control.abort(new Error('enough')), 100);
        const said = await Promise.race([waiting, window.later(5000).then(() => 'nothing')]);
        const track = await window.camera(160, 120);
        await t.process(track);
        const painted = await window.until(() => t.stats.painted >= 3);
        const ms = performance.now() - start;
        t.close();
        return { first: out.readyState, said, painted, ms };
      });
      assert.equal(seen.first, 'ended');
      assert.ok(['enough', 'came'].includes(seen.said), seen.said);
      assert.ok(seen.painted, path);
    } finally {
      await o.close();
    }
  }
});

test('a forced path that the browser lacks is refused in words', { skip, timeout }, async () => {
  const o = await opened('canvas');
  try {
    const said = await o.page.evaluate(async () => {
      const t = await window.load();
      const track = await window.camera();
      const said = [];
      for (const path of ['chrome', 'safari']) said.push(await t.process(track, { path }).catch((e) => e.message));
      track.stop();
      said.push(await t.process(track).catch((e) => e.message));
      t.close();
      return said;
    });
    assert.deepEqual(said, ['This browser has no insertable streams.', 'This browser gives workers no tracks.',
      'This track has ended; start the camera anew.']);
  } finally {
    await o.close();
  }
});

test('canvas: a browser that tells of no frames is asked by a clock', { skip, timeout }, async () => {
  const o = await open({ before: `${takeAway} HTMLVideoElement.prototype.requestVideoFrameCallback = () => 1;` });
  try {
    await o.page.evaluate(tools);
    const seen = await o.page.evaluate(async () => {
      const t = await window.load();
      const track = await window.camera(160, 120);
      const out = await t.process(track);
      const came = await window.until(() => t.stats.painted >= 10);
      const path = t.stats.path;
      track.stop();
      const stopped = await window.until(() => out.readyState === 'ended' && t.stats.path === '');
      const { opened, closed } = t.stats;
      t.close();
      return { came, path, stopped, opened, closed };
    });
    assert.deepEqual([seen.came, seen.path, seen.stopped], [true, 'canvas', true]);
    assert.equal(seen.opened, seen.closed);
  } finally {
    await o.close();
  }
});

test('a hidden tab goes on painting', { skip, timeout }, async () => {
  for (const path of ['chrome', 'canvas']) {
    const o = await opened(path);
    try {
      const seen = await o.page.evaluate(async () => {
        const t = await window.load();
        const track = await window.camera(160, 120);
        await t.process(track);
        await window.until(() => t.stats.painted >= 3);
        // What a browser does to a hidden tab: no frames are shown, and timers of the page hardly run.
        Object.defineProperty(document, 'hidden', { get: () => true });
        window.requestAnimationFrame = () => 0;
        HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0;
        document.dispatchEvent(new Event('visibilitychange'));
        const before = t.stats.painted;
        await window.later(1500);
        const hidden = t.stats.painted - before;
        track.stop();
        await window.until(() => t.stats.path === '');
        const { opened, closed } = t.stats;
        t.close();
        return { hidden, opened, closed };
      });
      assert.ok(seen.hidden >= 8, `${path}: only ${seen.hidden} frames in 1.5 s`);
      assert.equal(seen.opened, seen.closed);
    } finally {
      await o.close();
    }
  }
});
