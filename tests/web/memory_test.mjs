// The module's memory: it begins small, another takes its place beside it, or the frame is refused in words.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, open, whatIsMissing } from './browser.mjs';

const skip = whatIsMissing();
const timeout = 90000;
after(closeBrowser);

const tools = () => {
  window.load = (more) =>
    tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32', threads: 2, ...more });
  window.grey = (width, height) => {
    const image = new ImageData(width, height);
    for (let i = 0; i < image.data.length; ++i) image.data[i] = i % 4 === 3 ? 255 : (i >> 6) & 255;
    return image;
  };
  window.outcome = (promise) => promise.then(
    (value) => (value === null ? 'null' : `${value.width}x${value.height}`), (e) => `${e.code ?? e.name}: ${e.message}`);
  // I420, as cameras and decoders give.
  window.yuv = (width, height) => {
    const half = ((width + 1) >> 1) * ((height + 1) >> 1);
    const bytes = new Uint8Array(width * height + 2 * half).fill(128);
    for (let i = 0; i < width * height; ++i) bytes[i] = 16 + ((i >> 4) % 200);
    return new VideoFrame(bytes, { format: 'I420', codedWidth: width, codedHeight: height, timestamp: 0 });
  };
  window.painted = async (t, frame, options) => {
    try {
      return await window.outcome(t.paint(frame, options));
    } finally {
      frame.close();
    }
  };
  window.later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // Pages and their sizes of the memories that the workers are told to make.
  window.starts = [];
  const send = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, transfer) {
    if (message.type === 'start') window.starts.push(message.memoryMB);
    return send.call(this, message, transfer);
  };
};
async function inPage(run, options = {}, argument = undefined) {
  const o = await open(options);
  try {
    await o.page.evaluate(tools);
    return await o.page.evaluate(run, argument);
  } finally {
    await o.close();
  }
}

test('a frame that does not fit gets a larger memory; beyond the cap it is refused', { skip, timeout }, async () => {
  const seen = await inPage(async () => {
    const t = await window.load({ maxMemoryMB: 64 });
    const small = await window.outcome(t.paint(window.grey(320, 240)));
    const first = t.info.memoryMB;
    t.set('strength', 0);
    const image = window.grey(1000, 700);
    const large = await t.paint(image);
    const kept = large.data.every((v, i) => v === image.data[i]); // strength went along
    const second = t.info.memoryMB;
    const refused = [await window.outcome(t.paint(window.grey(3000, 2000)))];
    const before = window.starts.length;
    refused.push(await window.outcome(t.paint(window.grey(3000, 2000))));
    refused.push(await window.outcome(t.prepare(4000, 2000)));
    const triesAfterRefusal = window.starts.length - before;
    const again = await window.outcome(t.paint(window.grey(320, 240)));
    t.close();
    return { small, first, kept, second, refused, triesAfterRefusal, again, starts: window.starts };
  });
  assert.equal(seen.small, '320x240');
  assert.equal(seen.first, 32);
  assert.ok(seen.kept, 'the larger memory forgot the parameters');
  assert.ok(seen.second > 32 && seen.second <= 64, `${seen.second} MB`);
  assert.ok(seen.starts.every((mb) => mb <= 64));
  assert.equal(seen.refused[0], 'memory: A frame of 3000x2000 needs more memory than the 64 MB that this page allows; ' +
    'paint a smaller picture, or raise maxMemoryMB.');
  assert.equal(seen.refused[1], seen.refused[0]);
  assert.match(seen.refused[2], /^memory: /);
  assert.equal(seen.triesAfterRefusal, 0);
  assert.equal(seen.again, '320x240');
});

test('while a larger memory is made, live frames are painted smaller and enlarged', { skip, timeout }, async () => {
  // The second painter takes its time.
  const slow = (bytes) => `{
    const hear = self.addEventListener.bind(self);
    hear('message', (event) => {
      if (event.data.type !== 'start' || event.data.memoryMB === 32) return;
      const until = performance.now() + 1500;
      while (performance.now() < until);
    });
  }
  ${bytes}`;
  const seen = await inPage(async () => {
    const t = await window.load({});
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const c = canvas.getContext('2d');
    const frame = async () => {
      c.fillStyle = '#369';
      c.fillRect(0, 0, canvas.width, canvas.height);
      const frame = new VideoFrame(canvas, { timestamp: performance.now() * 1000 });
      try {
        return await window.outcome(t.paint(frame));
      } finally {
        frame.close();
      }
    };
    const sizes = [await frame()];
    canvas.width = 1000;
    canvas.height = 700;
    const start = performance.now();
    sizes.push(await frame());
    const { scaled } = t.stats;
    const waited = performance.now() - start;
    const memory = t.info.memoryMB;
    for (let i = 0; i < 100 && t.stats.scaled; ++i) sizes.push(await frame());
    const done = t.stats.scaled;
    canvas.width = 1400;
    const whole = new VideoFrame(canvas, { timestamp: 0 });
    sizes.push(await window.outcome(t.paint(whole, { live: false })));
    whole.close();
    const stillScaled = t.stats.scaled;
    const { opened, closed } = t.stats;
    const grown = t.info.memoryMB;
    t.close();
    return { sizes: [...new Set(sizes)], scaled, waited, memory, done, grown, stillScaled, opened, closed };
  }, { replace: { '/dist/painter-worker.js': slow } });
  assert.deepEqual(seen.sizes, ['320x240', '1000x700', '1400x700']);
  assert.equal(seen.stillScaled, false);
  assert.equal(seen.scaled, true, 'the first large frame was not painted by the running worker');
  assert.equal(seen.memory, 32);
  assert.ok(seen.waited < 1500, `it was waited for: ${seen.waited} ms`);
  assert.equal(seen.done, false);
  assert.ok(seen.grown > 32);
  assert.equal(seen.opened, seen.closed);
});

test('a camera larger than the picture before it is painted, whatever the formats', { skip, timeout }, async () => {
  // Neither size was prepared. The second does not fit into the memory that the first one grew to, and in the pieces
  // that it leaves the first one does not fit again.
  const seen = await inPage(async () => {
    const t = await window.load({});
    const picture = await createImageBitmap(window.grey(1280, 720));
    const said = [await window.outcome(t.paint(picture))];
    const first = t.info.memoryMB;
    const late = window.later(60000).then(() => 'nothing came');
    for (let i = 0; i < 20 && (i === 0 || t.stats.scaled); ++i) {
      said.push(await Promise.race([window.painted(t, window.yuv(1920, 1080)), late]));
    }
    const { scaled } = t.stats;
    said.push(await window.outcome(t.paint(picture)));
    const { opened, closed } = t.stats;
    const second = t.info.memoryMB;
    t.close();
    return { said: [...new Set(said)], first, second, scaled, opened, closed };
  });
  assert.deepEqual(seen.said, ['1280x720', '1920x1080']);
  assert.ok(seen.second > seen.first);
  assert.equal(seen.scaled, false);
  assert.equal(seen.opened, seen.closed);
});

test('a prepared size is painted as it is from its first frame, in any format', { skip, timeout }, async () => {
  const seen = await inPage(async () => {
    const t = await window.load({});
    await window.painted(t, window.yuv(640, 360));
    // Its plan for RGBA just fits into a memory that has no room for that of I420 and for pixels.
    await t.prepare(1220, 686);
    const starts = window.starts.length;
    const rows = [];
    for (const frame of [window.yuv(1220, 686), new VideoFrame(await createImageBitmap(window.grey(1220, 686)), { timestamp: 0 })]) {
      const format = frame.format;
      rows.push([format, await window.painted(t, frame), t.stats.scaled]);
    }
    rows.push(['data', await window.outcome(t.paint(window.grey(1220, 686))), t.stats.scaled]);
    const more = window.starts.length - starts;
    t.close();
    return { rows, more };
  });
  assert.equal(seen.rows[0][0], 'I420');
  for (const row of seen.rows) assert.deepEqual(row.slice(1), ['1220x686', false]);
  assert.equal(seen.more, 0, 'another worker was started for a size that was prepared');
});

for (const state of ['refused', 'out of its bounds']) {
  test(`the build of one thread paints small pictures after a large one was ${state}`, { skip, timeout }, async () => {
    const { hasBuild } = await import('./browser.mjs');
    if (!hasBuild('single')) return;
    const seen = await inPage(async (isLive) => {
      const t = await window.load({ build: 'single', maxMemoryMB: 64 });
      const said = [await window.painted(t, window.yuv(320, 240))];
      said.push(await window.painted(t, window.yuv(1600, 1200), { live: isLive }));
      for (let i = 0; i < 3; ++i) said.push(await window.painted(t, window.yuv(320, 240)));
      said.push(await window.outcome(t.paint(window.grey(320, 240))));
      said.push(await window.painted(t, window.yuv(1600, 1200), { live: isLive }));
      const { opened, closed, crashes, scaled } = t.stats;
      const { memoryMB } = t.info;
      t.close();
      return { said, opened, closed, crashes, memoryMB, scaled };
    }, {}, state !== 'refused');
    const small = '320x240';
    assert.deepEqual([seen.said[0], ...seen.said.slice(2, 6)], [small, small, small, small, small]);
    const words = /^memory: A frame of 1600x1200 needs more memory than the 64 MB that this page allows; /;
    assert.match(seen.said[1], words);
    if (state === 'refused') assert.match(seen.said[6], words);
    else assert.deepEqual([seen.said[6], seen.scaled], ['1600x1200', true], 'it is not painted small, though it could be');
    assert.equal(seen.crashes, 0);
    assert.ok(seen.memoryMB <= 64, `${seen.memoryMB} MB`);
    assert.equal(seen.opened, seen.closed);
  });
}

test('a trap at a size is the end of that size only', { skip, timeout }, async () => {
  // The engine is let down in the middle of a plan for 401 columns.
  const trap = (bytes) => `{
    const make = WebAssembly.instantiate;
    WebAssembly.instantiate = async (module, imports) => {
      const instance = await make(module, imports);
      const exports = { ...instance.exports };
      exports.tempera_web_prepare = (stylizer, width, ...more) => {
        if (width === 401) throw new WebAssembly.RuntimeError('unreachable');
        return instance.exports.tempera_web_prepare(stylizer, width, ...more);
      };
      return { exports };
    };
  }
  ${bytes}`;
  const seen = await inPage(async () => {
    const rows = [];
    for (const build of ['simd', 'single']) {
      const t = await window.load({ build, maxMemoryMB: 64 });
      t.set('strength', 0);
      const said = [await window.outcome(t.paint(window.grey(320, 240)))];
      said.push(await window.outcome(t.paint(window.grey(401, 300))));
      const image = window.grey(320, 240);
      const painting = await t.paint(image);
      const kept = painting.data.every((v, i) => v === image.data[i]);
      const refused = await window.outcome(t.prepare(401, 300));
      said.push(await window.outcome(t.paint(image)));
      t.close();
      rows.push({ said, kept, refused });
    }
    return rows;
  }, { replace: { '/dist/painter-worker.js': trap } });
  for (const { said, kept, refused } of seen) {
    assert.deepEqual([said[0], said[2]], ['320x240', '320x240']);
    assert.match(said[1], /^memory: The engine failed on a frame of 401x300 \(unreachable\), .*\.$/);
    assert.ok(kept, 'the next worker forgot the parameters');
    assert.match(refused, /^memory: The engine failed on a frame of 401x300/);
  }
});

test('a memory that is too small for the engine or the model is made larger, or refused as that', { skip, timeout },
  async () => {
    const seen = await inPage(async () => {
      const rows = [];
      const style = new Uint8Array(await (await fetch('/models/starry-night.onnx')).arrayBuffer());
      // The same with 4 MB of a description: field 6.
      const model = new Uint8Array(style.length + 5 + 4194304);
      model.set(style);
      model.set([0x32, 0x80, 0x80, 0x80, 0x02], style.length);
      model.fill(32, style.length + 5);
      for (const memoryMB of [1, 2, 4, 5, 6, 9, 24]) {
        const t = await window.load({ model, memoryMB, threads: 1 });
        rows.push([memoryMB, await window.outcome(t.paint(window.grey(64, 64)))]);
        t.close();
        const refused = await window.outcome(window.load({ model, memoryMB, maxMemoryMB: memoryMB, threads: 1 }));
        rows.push([memoryMB, refused.replace(/^undefinedxundefined$/, 'loaded')]);
      }
      return rows;
    });
    const words = /^(loaded|memory: This model needs more than the [0-9.]+ MB that this page allows\.)$/;
    seen.forEach(([mb, said], i) => (i % 2 === 0 ? assert.equal(said, '64x64', `${mb} MB`) : assert.match(said, words, `${mb} MB`)));
    assert.ok(seen.some(([, said]) => said.startsWith('memory')));
  });

test('a track whose frames never fit ends with a sentence', { skip, timeout }, async () => {
  const seen = await inPage(async () => {
    const t = await window.load({ maxMemoryMB: 32 });
    const canvas = Object.assign(document.createElement('canvas'), { width: 1600, height: 1200 });
    const c = canvas.getContext('2d');
    const drawing = setInterval(() => c.fillRect(0, 0, Math.random() * 900, 900), 30);
    const errors = [];
    const out = await t.process(canvas.captureStream().getVideoTracks()[0], {
      onerror: (e) => errors.push(e.message),
    });
    for (let i = 0; i < 200 && errors.length === 0; ++i) await window.later(20);
    clearInterval(drawing);
    const { opened, closed } = t.stats;
    t.close();
    return { errors, state: out.readyState, opened, closed };
  });
  assert.deepEqual(seen.errors, ['A frame of 1600x1200 needs more memory than the 32 MB that this page allows; ' +
    'paint a smaller picture, or raise maxMemoryMB.']);
  assert.equal(seen.state, 'ended');
  assert.equal(seen.opened, seen.closed);
});

test('a browser that gives no shared memory paints with one thread, and says so', { skip, timeout }, async () => {
  const mean = (bytes) => `{
    const Memory = WebAssembly.Memory;
    WebAssembly.Memory = function (init) {
      if (init.shared && init.initial > 1) throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      return new Memory(init);
    };
  }
  ${bytes}`;
  const { hasBuild } = await import('./browser.mjs');
  const seen = await inPage(async () => {
    try {
      const t = await window.load({});
      const painted = await window.outcome(t.paint(window.grey(64, 64)));
      const { build, threads, reason } = t.info;
      t.close();
      return { painted, build, threads, reason };
    } catch (e) {
      return { code: e.code, message: e.message };
    }
  }, { replace: { '/dist/painter-worker.js': mean } });
  if (!hasBuild('single')) return assert.equal(seen.code, 'network', JSON.stringify(seen));
  assert.equal(seen.painted, '64x64');
  assert.equal(seen.build, 'single');
  assert.equal(seen.threads, 1);
  assert.match(seen.reason, /^One thread paints, because the browser gives no 32 MB of shared memory/);
});
