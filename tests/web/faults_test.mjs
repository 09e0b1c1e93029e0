// Bad models, missing files, crashed workers, aborted calls, pages that are too fast: words, and nothing worse.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, open, whatIsMissing } from './browser.mjs';

const skip = whatIsMissing();
const timeout = 60000;
after(closeBrowser);

/** In the page: a gradient, and what a promise ended with. */
const tools = () => {
  window.model = '/models/starry-night.onnx';
  window.gradient = (width, height, shade = 0) => {
    const image = new ImageData(width, height);
    for (let i = 0; i < image.data.length; ++i) {
      image.data[i] = i % 4 === 3 ? 255 : ((i >> 2) % width) + shade + 40 * (i % 4);
    }
    return image;
  };
  window.outcome = (promise) => promise.then(
    (value) => (value === null ? 'null' : 'fulfilled'), (e) => `${e.code ?? e.name}: ${e.message}`);
  window.later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
};
async function opened(options) {
  const o = await open(options);
  await o.page.evaluate(tools);
  return o;
}
/** Runs in a page and closes it; nothing may have been thrown that nobody caught. */
async function inPage(options, run, argument) {
  const o = await opened(options);
  try {
    const result = await o.page.evaluate(run, argument);
    assert.deepEqual(o.said.filter((line) => line.startsWith('uncaught')), []);
    return { result, ...o };
  } finally {
    await o.close();
  }
}

test('models that are none, damaged or missing are refused in words', { skip, timeout }, async () => {
  const replace = {
    '/models/text.onnx': '<!doctype html><title>Not found</title>',
    '/models/empty.onnx': '',
    '/models/page.onnx': '<!doctype html><title>404</title>',
    '/models/half.onnx': null,
    '/models/starry-night.onnx': (bytes) => bytes,
  };
  const { result } = await inPage({ replace }, async () => {
    const load = (model) => window.outcome(tempera.Tempera.load({ model }).then((t) => t.close()));
    const whole = new Uint8Array(await (await fetch(window.model)).arrayBuffer());
    const damaged = whole.slice();
    for (let i = 0; i < damaged.length; i += 97) damaged[i] ^= 0x5a;
    return {
      text: await load('/models/text.onnx'),
      empty: await load('/models/empty.onnx'),
      page: await load('/models/page.onnx'),
      missing: await load('/models/half.onnx'),
      elsewhere: await load('http://127.0.0.1:9/no.onnx'),
      half: await load(whole.slice(0, whole.length / 2)),
      damaged: await load(damaged),
      nothing: await load(undefined),
      whole: await load(whole),
      file: await load(new File([whole], 'starry-night.onnx')),
    };
  });
  for (const name of ['text', 'empty', 'half', 'damaged', 'nothing']) assert.match(result[name], /^model: ./, name);
  assert.match(result.page, /^model: \/models\/page.onnx answers with a web page or other text, not with a model\.$/);
  assert.match(result.missing, /^network: The model \/models\/half.onnx could not be fetched: the server says 404\.$/);
  assert.match(result.elsewhere, /^network: The model .* could not be fetched: .*\.$/);
  assert.equal(result.whole, 'fulfilled');
  assert.equal(result.file, 'fulfilled');
});

test('a build that is missing or damaged is replaced by a slower one, and said', { skip, timeout }, async () => {
  for (const other of [null, 'no module', (bytes) => bytes.subarray(0, bytes.length / 2)]) {
    const { result } = await inPage({ replace: { '/dist/tempera-relaxed.wasm': other } }, async () => {
      const t = await tempera.Tempera.load({ model: window.model });
      const { build, reason } = t.info;
      const painted = await window.outcome(t.paint(window.gradient(64, 64)));
      t.close();
      return { build, reason, painted };
    });
    assert.equal(result.build, 'simd');
    assert.match(result.reason, /^The slower SIMD128 build paints: .*tempera-relaxed\.wasm /);
    assert.equal(result.painted, 'fulfilled');
  }
  const none = { '/dist/tempera-relaxed.wasm': null, '/dist/tempera-simd.wasm': null, '/dist/tempera-single.wasm': null };
  const { result } = await inPage({ replace: none }, () =>
    window.outcome(tempera.Tempera.load({ model: window.model })));
  assert.match(result, /^network: .*tempera-single\.wasm could not be fetched: the server says 404\.$/);
});

test('a worker file that is missing is an error, not silence', { skip, timeout }, async () => {
  const { result } = await inPage({ replace: { '/dist/painter-worker.js': null } }, () =>
    window.outcome(tempera.Tempera.load({ model: window.model })));
  assert.match(result, /^crash: The painting worker stopped \(.*\)/);
  const { result: pump } = await inPage({ replace: { '/dist/pump-worker.js': null } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model });
    const track = document.createElement('canvas').captureStream().getVideoTracks()[0];
    const said = await window.outcome(t.process(track));
    t.close();
    return said;
  });
  assert.match(pump, /^browser: The pump worker stopped \(.*\)\.$/);
});

// A painter that can be told to crash, or to fall silent in the engine's place.
const fragile = (bytes) => `{
  const take = self.postMessage;
  self.addEventListener('message', (event) => {
    if (event.data.type === 'frame' && event.data.source.width === 13) {
      event.stopImmediatePropagation();
      throw new Error('shot');
    }
  });
}
${bytes}`;

test('a crashed worker rejects what it owed, and the next frame starts another', { skip, timeout }, async () => {
  const { result } = await inPage({ replace: { '/dist/painter-worker.js': fragile } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    t.set('strength', 0);
    const before = await window.outcome(t.paint(window.gradient(64, 64)));
    const crashed = await window.outcome(t.paint(window.gradient(13, 13)));
    const image = window.gradient(64, 64);
    const again = await t.paint(image);
    const kept = again.data.every((v, i) => v === image.data[i]); // strength is still 0
    const owed = [window.outcome(t.paint(window.gradient(13, 13))), window.outcome(t.paint(image))];
    const both = await Promise.all(owed);
    const { crashes } = t.stats;
    for (let i = 0; i < 8; ++i) await window.outcome(t.paint(window.gradient(13, 13)));
    const tired = await window.outcome(t.paint(image));
    t.close();
    return { before, crashed, kept, both, crashes, tired };
  });
  assert.equal(result.before, 'fulfilled');
  assert.match(result.crashed, /^crash: The painting worker stopped \(.*shot\); the next frame starts a new one\.$/);
  assert.ok(result.kept, 'the new worker forgot the parameters');
  assert.match(result.both[0], /^crash: /);
  assert.equal(result.both[1], 'fulfilled');
  assert.equal(result.crashes, 2);
  assert.equal(result.tired, 'crash: The painting worker stopped again and again; load Tempera anew.');
});

test('a track goes on behind a crash', { skip, timeout }, async () => {
  // Its 20th frame kills the painter.
  const mortal = (bytes) => `{
    let frames = 0;
    const hear = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
    Object.defineProperty(MessagePort.prototype, 'onmessage', { set(f) {
      hear.set.call(this, (event) => {
        if (++frames === 20) throw new Error('shot');
        f(event);
      });
    } });
  }
  ${bytes}`;
  const { result } = await inPage({ replace: { '/dist/painter-worker.js': mortal } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 160, height: 120 } });
    const errors = [];
    const out = await t.process(stream.getVideoTracks()[0], { onerror: (e) => errors.push(e.message) });
    for (let i = 0; i < 500 && t.stats.painted < 30; ++i) await window.later(20);
    const { painted, crashes } = t.stats;
    const state = out.readyState;
    await t.stop();
    const { opened, closed } = t.stats;
    t.close();
    return { painted, crashes, state, errors, opened, closed };
  });
  assert.ok(result.painted >= 30, `${result.painted} frames`);
  assert.ok(result.crashes >= 1);
  assert.equal(result.state, 'live');
  assert.deepEqual(result.errors, []);
  assert.equal(result.opened, result.closed);
});

test('options that are misspelt or no numbers are refused in words', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const said = [];
    for (const wrong of [{ precision: 'fp16' }, { statistics: 'none' }, { build: 'fast' }, { engine: 'small' },
      { threads: NaN }, { threads: 0 }, { memoryMB: '32' }, { maxMemoryMB: 9999 }, { precision: null }, { findings: 7 }]) {
      said.push(await window.outcome(tempera.Tempera.load({ model: window.model, ...wrong })));
    }
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    for (const timeout of [NaN, 0, Infinity]) {
      said.push(await window.outcome(t.paint(window.gradient(64, 64), { timeout })));
    }
    t.close();
    return said;
  });
  assert.deepEqual(result, [
    'parameter: precision is auto, fp32 or int8, not fp16.',
    'parameter: statistics is exact, smoothed or carried, not none.',
    'parameter: build is relaxed, simd or single, not fast.',
    'parameter: engine is styles or whole, not small.',
    'parameter: threads is a number of at least 1, not NaN.',
    'parameter: threads is a number of at least 1, not 0.',
    'parameter: memoryMB is a number of at least 1 and at most 4096, not 32.',
    'parameter: maxMemoryMB is a number of at least 1 and at most 4096, not 9999.',
    'parameter: precision is auto, fp32 or int8, not null.',
    'parameter: findings is an address, or pairs of key and bytes.',
    'parameter: timeout is a number of milliseconds above 0, not NaN.',
    'parameter: timeout is a number of milliseconds above 0, not 0.',
    'fulfilled',
  ]);
});

test('helping workers that do not start leave one thread, and that is said', { skip, timeout }, async () => {
  // No workers within workers; and one that dies as soon as it is told to help.
  const faults = {
    none: (bytes) => `delete self.Worker; ${bytes}`,
    dying: (bytes) => `{
      const instantiate = WebAssembly.instantiate;
      WebAssembly.instantiate = (...given) => {
        if (self.name.startsWith('tempera-helper')) throw new Error('shot');
        return instantiate(...given);
      };
    }
    ${bytes}`,
  };
  for (const [name, fault] of Object.entries(faults)) {
    const { result } = await inPage({ replace: { '/dist/painter-worker.js': fault } }, async () => {
      const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32', threads: 3 });
      const { build, threads, reason } = t.info;
      const painted = await window.outcome(t.paint(window.gradient(64, 64)));
      t.close();
      return { build, threads, reason, painted };
    });
    assert.deepEqual([result.build, result.threads, result.painted], ['relaxed', 1, 'fulfilled'], name);
    assert.match(result.reason, /^One thread paints, because the other threads did not start \(.+\)\.$/);
  }
});

test('a painter that falls silent while it starts its helpers is replaced by one thread', { skip, timeout }, async () => {
  const before = `{
    const every = window.setInterval;
    window.setInterval = (call, ms) => every(call, ms === 5000 ? 100 : ms);
  }`;
  const stuck = (bytes) => `{
    const Own = self.Worker;
    self.Worker = class extends Own { constructor(...given) { super(...given); for (;;); } };
  }
  ${bytes}`;
  const { result } = await inPage({ before, replace: { '/dist/painter-worker.js': stuck } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32', threads: 2 });
    const { threads, reason } = t.info;
    const painted = await window.outcome(t.paint(window.gradient(64, 64)));
    t.close();
    return { threads, reason, painted };
  });
  assert.deepEqual([result.threads, result.painted], [1, 'fulfilled']);
  assert.match(result.reason, /^One thread paints, because the other threads did not start \(.*silent.*\)\.$/);
});

test('a build that this browser lacks is replaced, and said', { skip, timeout }, async () => {
  const before = 'const all = WebAssembly.validate; WebAssembly.validate = (bytes) => bytes.length < 35 && all(bytes);';
  const { result } = await inPage({ before }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, build: 'relaxed', threads: 1 });
    const { build, reason } = t.info;
    t.close();
    return { build, reason };
  });
  assert.deepEqual(result, { build: 'simd',
    reason: 'The slower SIMD128 build paints, because this browser has no relaxed SIMD.' });
});

test('a painter that is stuck is replaced after the time that the page gives it', { skip, timeout }, async () => {
  const stuck = (bytes) => `self.addEventListener('message', (event) => {
    if (event.data.type === 'frame' && event.data.source.width === 13) for (;;);
  });
  ${bytes}`;
  const { result } = await inPage({ replace: { '/dist/painter-worker.js': stuck } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    const quick = await window.outcome(t.paint(window.gradient(64, 64), { timeout: 20000 }));
    const start = performance.now();
    const late = await window.outcome(t.paint(window.gradient(13, 13), { timeout: 300 }));
    const ms = performance.now() - start;
    const again = await window.outcome(t.paint(window.gradient(64, 64)));
    const { crashes } = t.stats;
    t.close();
    return { quick, late, ms, again, crashes };
  });
  assert.deepEqual([result.quick, result.again, result.crashes], ['fulfilled', 'fulfilled', 1]);
  assert.match(result.late, /^crash: The painting worker stopped \(a frame took longer than 300 ms\); /);
  assert.ok(result.ms >= 300 && result.ms < 3000, `${result.ms} ms`);
});

test('a painter that falls silent, or reports progress without end, is replaced', { skip, timeout }, async () => {
  // Time passes two hundred times as fast for whoever looks.
  const before = `{
    const every = window.setInterval;
    window.setInterval = (call, ms) => every(call, ms === 5000 ? 25 : ms);
    const now = performance.now.bind(performance);
    performance.now = () => 200 * now();
  }`;
  const busy = (bytes) => `self.addEventListener('message', (event) => {
    const width = event.data.type === 'frame' ? event.data.source.width : 0;
    if (width === 13 || width === 14) event.stopImmediatePropagation();
    if (width === 14) setInterval(() => self.postMessage({ type: 'progress', stage: 'planning', done: 0 }), 10);
  });
  ${bytes}`;
  const { result } = await inPage({ before, replace: { '/dist/painter-worker.js': busy } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    const said = [await window.outcome(t.paint(window.gradient(13, 13))), await window.outcome(t.paint(window.gradient(14, 14)))];
    said.push(await window.outcome(t.paint(window.gradient(64, 64))));
    t.close();
    return said;
  });
  assert.match(result[0], /^crash: The painting worker stopped \(it did not answer for a minute\)/);
  assert.match(result[1], /^crash: The painting worker stopped \(it came to no end in ten minutes\)/);
  assert.equal(result[2], 'fulfilled');
});

test('a picture that cannot be sent back is an error of its own, and the next one is painted', { skip, timeout }, async () => {
  // Its frame is closed while it is painted, and then there is no room for it.
  const mean = (bytes) => `{
    const copyTo = VideoFrame.prototype.copyTo;
    VideoFrame.prototype.copyTo = async function (...given) {
      await copyTo.apply(this, given);
      if (this.timestamp !== 13) return;
      this.close();
      throw new WebAssembly.RuntimeError('shot');
    };
    const post = self.postMessage.bind(self);
    self.postMessage = (message, transfer) => {
      if (message.type === 'painted' && message.width === 14) throw new DOMException('no', 'DataCloneError');
      return post(message, transfer);
    };
  }
  ${bytes}`;
  const { result } = await inPage({ replace: { '/dist/painter-worker.js': mean } }, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    const bytes = new Uint8Array(64 * 64 * 4);
    const frame = new VideoFrame(bytes, { format: 'RGBA', codedWidth: 64, codedHeight: 64, timestamp: 13 });
    const said = [await window.outcome(t.paint(frame))];
    frame.close();
    said.push(await window.outcome(t.paint(window.gradient(14, 14))));
    said.push(await window.outcome(t.paint(window.gradient(64, 64))), await window.outcome(t.prepare(96, 64).then(() => 0)));
    await t.reset();
    t.close();
    return said;
  });
  assert.match(result[0], /^source: ./);
  assert.match(result[1], /^source: ./);
  assert.deepEqual(result.slice(2), ['fulfilled', 'fulfilled']);
});

test('newest wins by the order of the calls, not by how long a picture takes to be read', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const make = window.createImageBitmap.bind(window);
    let calls = 0;
    window.createImageBitmap = async (...given) => {
      if (++calls === 2) await window.later(300);
      return make(...given);
    };
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    const canvas = () => {
      const c = document.createElement('canvas');
      c.getContext('2d').fillRect(0, 0, 9, 9);
      return c;
    };
    const said = await Promise.all([1, 2, 3].map(() => window.outcome(t.paint(canvas()))));
    t.close();
    return said;
  });
  assert.deepEqual(result, ['fulfilled', 'null', 'fulfilled']);
});

test('aborting ends loading and painting with the signal\'s reason', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const { Tempera } = tempera;
    const load = async (ms) => {
      const control = new AbortController();
      const loading = Tempera.load({ model: window.model, signal: control.signal });
      if (ms === 0) control.abort();
      else setTimeout(() => control.abort(new Error('enough')), ms);
      return window.outcome(loading);
    };
    const said = { before: await window.outcome(Tempera.load({ model: window.model, signal: AbortSignal.abort() })) };
    said.atOnce = await load(0);
    said.soon = await load(25);
    const t = await Tempera.load({ model: window.model, precision: 'fp32', signal: new AbortController().signal });
    const control = new AbortController();
    const painting = window.outcome(t.paint(window.gradient(320, 240), { signal: control.signal }));
    control.abort();
    said.painting = await painting;
    said.after = await window.outcome(t.paint(window.gradient(64, 64)));
    said.signalled = await window.outcome(t.paint(window.gradient(64, 64), { signal: control.signal }));
    const track = document.createElement('canvas').captureStream().getVideoTracks()[0];
    said.track = await window.outcome(t.process(track, { signal: control.signal }));
    t.close();
    return said;
  });
  for (const name of ['before', 'atOnce', 'painting', 'signalled', 'track']) assert.match(result[name], /^(20|AbortError): /);
  assert.equal(result.soon, 'Error: enough');
  assert.equal(result.after, 'fulfilled');
});

test('frames that come too fast are dropped, the newest is painted', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const t = await tempera.Tempera.load({ model: window.model, precision: 'fp32' });
    t.set('strength', 0);
    const images = [0, 1, 2, 3, 4, 5].map((i) => window.gradient(200, 150, 10 * i));
    const results = await Promise.all(images.map((image) => t.paint(image)));
    const same = results.map((r, i) => r && r.data.every((v, k) => v === images[i].data[k]));
    const { painted, dropped } = t.stats;
    t.close();
    return { same, painted, dropped };
  });
  assert.deepEqual(result.same, [true, null, null, null, null, true]);
  assert.equal(result.painted, 2);
  assert.equal(result.dropped, 4);
});

test('closing rejects what is owed, and may be repeated', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const t = await tempera.Tempera.load({ model: window.model });
    const owed = [1, 2, 3].map(() => window.outcome(t.paint(window.gradient(200, 150))));
    await window.later(0);
    t.close();
    t.close();
    const stream = document.createElement('canvas').captureStream();
    const track = await window.outcome(t.process(stream.getVideoTracks()[0]));
    t.set('strength', 0.5);
    return { owed: await Promise.all(owed), track, prepare: await window.outcome(t.prepare(64, 64)) };
  });
  assert.deepEqual(result.owed, ['closed: Tempera was closed.', 'null', 'closed: Tempera was closed.']);
  assert.equal(result.track, 'closed: Tempera was closed.');
  assert.equal(result.prepare, 'closed: Tempera was closed.');
});

test('findings spare the next page the calibration, and change no pixel', { skip, timeout }, async () => {
  const { result } = await inPage({}, async () => {
    const kept = [];
    const run = async (findings) => {
      const stages = new Set();
      const t = await tempera.Tempera.load({ model: window.model, findings, onfinding: (...f) => kept.push(f),
        onprogress: (p) => stages.add(p.stage) });
      const painting = await t.paint(window.gradient(160, 120));
      t.close();
      return { calibrated: stages.has('calibrating'), stages: [...stages], painting };
    };
    const first = await run([]);
    const count = kept.length;
    const second = await run(kept);
    const same = first.painting.data.every((v, i) => v === second.painting.data[i]);
    return { first: first.stages, second: second.calibrated, calibrated: first.calibrated, count, same };
  });
  assert.deepEqual(result.first.slice(0, 2).sort(), ['engine', 'model']);
  assert.ok(result.first.includes('planning'));
  assert.equal(result.calibrated, true);
  assert.ok(result.count > 0);
  assert.equal(result.second, false);
  assert.ok(result.same);
});
