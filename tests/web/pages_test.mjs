// Whole pages: isolated or not, under a strict policy, in old browsers, inside of other applications.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { browser, closeBrowser, hasBuild, open, whatIsMissing } from './browser.mjs';
import { serve, strictPolicy } from './server.mjs';

const skip = whatIsMissing();
const timeout = 60000;
after(closeBrowser);

async function visited(path, options, wait) {
  const server = await serve(options);
  const context = await (await browser()).newContext({ permissions: ['camera'] });
  try {
    const page = await context.newPage();
    const said = [];
    page.on('console', (m) => said.push(m.text()));
    page.on('pageerror', (e) => said.push(`uncaught: ${e.message}`));
    await page.goto(server.url + path);
    return { value: await page.waitForFunction(wait, null, { timeout: 20000 }).then((h) => h.jsonValue()), said };
  } finally {
    await context.close();
    server.close();
  }
}

test('a script without a bundler paints', { skip, timeout }, async () => {
  const { value } = await visited('/pages/plain.html', {}, () => /^painted/.test(document.title) && document.title);
  assert.match(value, /^painted by relaxed with \d+$/);
});

test('a strict content security policy is kept', { skip, timeout }, async () => {
  for (const path of ['/pages/plain.html', '/pages/element.html']) {
    const { said } = await visited(
      path,
      { policy: strictPolicy },
      () => /^painted/.test(document.title) || document.querySelector('tempera-video')?.tempera?.stats.painted > 2,
    );
    assert.deepEqual(
      said.filter((line) => /policy|refused|uncaught/i.test(line)),
      [],
    );
  }
});

test(
  '<tempera-video> shows a camera, takes parameters from attributes, and stops with its removal',
  { skip, timeout },
  async () => {
    const o = await open();
    try {
      const seen = await o.page.evaluate(async () => {
        await import('/dist/element.js');
        const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const element = document.createElement('tempera-video');
        const errors = [];
        element.addEventListener('error', (e) => errors.push(e.detail));
        element.setAttribute('camera', '');
        element.setAttribute('model', '/models/starry-night.onnx');
        element.setAttribute('strength', '0.25');
        document.body.append(element);
        await new Promise((resolve) => element.addEventListener('ready', resolve, { once: true }));
        const t = element.tempera;
        const value = (name) => t.params.find((p) => p.name === name).value;
        const strength = [value('strength')];
        for (let i = 0; i < 300 && t.stats.painted < 3; ++i) await later(20);
        const canvas = element.shadowRoot.querySelector('canvas');
        element.setAttribute('strength', '0.75');
        await later(20);
        strength.push(value('strength'));
        element.setAttribute('strength', '7');
        await later(20);
        element.removeAttribute('strength');
        await later(20);
        strength.push(value('strength'));
        const result = { painted: t.stats.painted, size: [canvas.width, canvas.height], strength };
        const video = element.video;
        const track = video.srcObject.getVideoTracks()[0];
        element.remove();
        await later(50);
        result.after = [track.readyState, element.tempera, await t.paint(canvas).catch((e) => e.code)];
        const lonely = document.createElement('tempera-video');
        lonely.setAttribute('model', '/models/missing.onnx');
        lonely.setAttribute('camera', '');
        const failed = new Promise((resolve) => lonely.addEventListener('error', (e) => resolve(e.detail)));
        // The camera that it asks for.
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        const given = [];
        navigator.mediaDevices.getUserMedia = async (wish) => {
          const stream = await ask(wish);
          given.push(...stream.getTracks());
          return stream;
        };
        document.body.append(lonely);
        result.failed = await failed;
        for (let i = 0; i < 100 && given.length === 0; ++i) await later(20);
        await later(50);
        result.given = given.map((given) => given.readyState);
        result.errors = errors;
        return result;
      });
      assert.ok(seen.painted >= 3);
      assert.deepEqual(seen.size, [640, 480]);
      assert.deepEqual(seen.strength, [0.25, 0.75, 1]);
      assert.deepEqual(seen.after, ['ended', null, 'closed']);
      assert.deepEqual(seen.errors, ['strength takes 0 to 1, not 7.']);
      assert.deepEqual(seen.given, ['ended'], 'the camera stays on');
      assert.match(seen.failed, /^The model .*missing\.onnx could not be fetched: the server says 404\.$/);
    } finally {
      await o.close();
    }
  },
);

test('<tempera-video> ends its workers when the camera is refused, and outlives a frame that failed', { skip, timeout },
  async () => {
    const mortal = (bytes) => `{
      let frames = 0;
      self.addEventListener('message', (event) => {
        if (event.data.type === 'frame' && ++frames === 3) throw new Error('shot');
      });
    }
    ${bytes}`;
    const o = await open({ replace: { '/dist/painter-worker.js': mortal } });
    try {
      const seen = await o.page.evaluate(async () => {
        await import('/dist/element.js');
        const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        const workers = { started: 0, ended: 0 };
        const Own = window.Worker;
        window.Worker = class extends Own {
          constructor(...given) { super(...given); ++workers.started; }
          terminate() { super.terminate(); ++workers.ended; }
        };
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
        const make = (more) => {
          const element = document.createElement('tempera-video');
          for (const [name, value] of Object.entries({ model: '/models/great-wave.onnx', camera: '', ...more })) {
            element.setAttribute(name, value);
          }
          return element;
        };
        const refused = make({});
        const failed = new Promise((resolve) => refused.addEventListener('error', (e) => resolve(e.detail)));
        document.body.append(refused);
        const said = await failed;
        for (let i = 0; i < 100 && workers.ended < workers.started; ++i) await later(20);
        const after = { ...workers };
        navigator.mediaDevices.getUserMedia = ask;
        const element = make({ keep_colors: '', strength: 'x' });
        const errors = [];
        element.addEventListener('error', (e) => errors.push(e.detail));
        document.body.append(element);
        await new Promise((resolve) => element.addEventListener('ready', resolve, { once: true }));
        const t = element.tempera;
        const kept = t.params.find((p) => p.name === 'keep_colors').value;
        for (let i = 0; i < 300 && (t.stats.painted < 5 || t.stats.crashes < 1); ++i) await later(20);
        const { painted, crashes } = t.stats;
        // Its video is gone, and tells of nothing: the loop has to notice that it ended.
        element.video.requestVideoFrameCallback = () => 0;
        element.remove();
        await later(400);
        return { said, after, kept, errors, painted, crashes, state: await t.paint(new ImageData(9, 9)).catch((e) => e.code) };
      });
      assert.equal(seen.said, 'Permission denied');
      assert.ok(seen.after.started > 0);
      assert.equal(seen.after.ended, seen.after.started, 'workers go on');
      assert.equal(seen.kept, 1, 'a switch that is there is off');
      assert.deepEqual(seen.errors, ['strength takes a number, not "x".']);
      assert.ok(seen.painted >= 5 && seen.crashes >= 1, JSON.stringify(seen));
      assert.equal(seen.state, 'closed');
    } finally {
      await o.close();
    }
  });

test('a page without isolation paints with one thread, and says why', { skip, timeout }, async () => {
  const o = await open({ isolated: false });
  try {
    const seen = await o.page.evaluate(async () => {
      const probe = tempera.Tempera.probe();
      try {
        const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx' });
        const painted = await t.paint(new ImageData(64, 64));
        const { build, threads, reason } = t.info;
        t.close();
        return { probe, build, threads, reason, width: painted.width };
      } catch (e) {
        return { probe, code: e.code, message: e.message };
      }
    });
    assert.equal(seen.probe.build, 'single');
    assert.match(seen.probe.reason, /^One thread paints, because this page is not isolated: .*\.$/);
    if (!hasBuild('single')) return assert.match(seen.message ?? '', /tempera-single\.wasm/);
    assert.deepEqual([seen.build, seen.threads, seen.width], ['single', 1, 64]);
    assert.equal(seen.reason, seen.probe.reason);
  } finally {
    await o.close();
  }
});

const oldBrowsers = {
  'has no WebAssembly': 'delete window.WebAssembly;',
  'has no workers': 'delete window.Worker;',
  'has no SIMD': 'WebAssembly.validate = () => false;',
};
for (const [words, before] of Object.entries(oldBrowsers)) {
  test(`a browser is told so when it ${words}`, { skip, timeout }, async () => {
    const o = await open({ before });
    try {
      const said = await o.page.evaluate(() =>
        tempera.Tempera.load({ model: '/models/starry-night.onnx' }).catch((e) => [e.name, e.code, e.message]),
      );
      assert.deepEqual(said.slice(0, 2), ['TemperaError', 'browser']);
      assert.ok(said[2].includes(words) && said[2].endsWith('.'), said[2]);
      assert.deepEqual(
        o.said.filter((line) => line.startsWith('uncaught')),
        [],
      );
    } finally {
      await o.close();
    }
  });
}

test(
  'a browser without relaxed SIMD gets the SIMD128 build; without BroadcastChannel it paints too',
  { skip, timeout },
  async () => {
    const before = `const all = WebAssembly.validate;
      WebAssembly.validate = (bytes) => bytes.length < 35 && all(bytes);
      delete window.BroadcastChannel; delete window.SharedWorker;`;
    const o = await open({ before });
    try {
      const build = await o.page.evaluate(async () => {
        const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx', threads: 2 });
        await t.paint(new ImageData(64, 64));
        const { build, kernel, reason, threads } = t.info;
        t.close();
        return { build, kernel, reason, threads };
      });
      assert.deepEqual(build, { build: 'simd', kernel: 'wasm_s16', reason: '', threads: 2 });
    } finally {
      await o.close();
    }
  },
);

test('LiveKit and Vonage get tracks in the shapes that they know', { skip, timeout }, async () => {
  const o = await open();
  try {
    const seen = await o.page.evaluate(async () => {
      const { temperaProcessor } = await import('/dist/livekit.js');
      const { TemperaConnector } = await import('/dist/vonage.js');
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx' });
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 160, height: 120 } });
      const track = stream.getVideoTracks()[0];
      const states = [];
      const processor = temperaProcessor(t);
      await processor.init({ kind: 'video', track });
      const first = processor.processedTrack;
      states.push(processor.name, first.kind, first.readyState);
      await processor.restart({ kind: 'video', track });
      states.push(first.readyState, processor.processedTrack.readyState);
      const second = processor.processedTrack;
      await processor.destroy();
      states.push(second.readyState, processor.processedTrack === undefined);
      const connector = new TemperaConnector(t);
      const out = await connector.setTrack(track);
      states.push(out.readyState);
      await connector.destroy();
      states.push(out.readyState, track.readyState);
      t.close();
      return states;
    });
    assert.deepEqual(seen, ['tempera', 'video', 'live', 'ended', 'live', 'ended', true, 'live', 'ended', 'live']);
  } finally {
    await o.close();
  }
});

test("the page's own thread is not held up", { skip, timeout }, async () => {
  const o = await open();
  try {
    const longest = await o.page.evaluate(async () => {
      const t = await tempera.Tempera.load({ model: '/models/starry-night.onnx' });
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      const long = [];
      new PerformanceObserver((list) => long.push(...list.getEntries().map((e) => e.duration))).observe({
        type: 'longtask',
        buffered: false,
      });
      await t.process(stream.getVideoTracks()[0]);
      while (t.stats.painted < 15) await new Promise((resolve) => setTimeout(resolve, 50));
      t.close();
      return long;
    });
    assert.deepEqual(longest, [], 'tasks of more than 50 ms, which is all that a browser reports');
  } finally {
    await o.close();
  }
});

test('workers and builds are found in another folder, baseUrl', { skip, timeout }, async () => {
  // As where a bundler has moved the package's own module away from its files.
  const server = await serve();
  const o = await open({ server });
  try {
    server.replace['/bundle/app.js'] = readFileSync(new URL('../../web/dist/index.js', import.meta.url));
    const painted = await o.page.evaluate(async () => {
      const { Tempera } = await import('/bundle/app.js');
      const model = '/models/starry-night.onnx';
      const lost = await Tempera.load({ model }).catch((e) => e.code);
      const t = await Tempera.load({ model, baseUrl: '/dist' });
      const track = Object.assign(document.createElement('canvas'), { width: 64, height: 64 }).captureStream();
      const out = await t.process(track.getVideoTracks()[0]);
      const painting = await t.paint(new ImageData(64, 64));
      const result = [lost, painting.width, out.readyState];
      t.close();
      return result;
    });
    assert.deepEqual(painted, ['crash', 64, 'live']);
  } finally {
    await o.close();
    server.close();
  }
});
