// The small engine and the whole one: which is fetched, what happens when the small one lacks something, and when there
// is no whole one. And what calibration found, from a file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { findingsOf } from '../../web/find.mjs';
import { closeBrowser, hasBuild, open, whatIsMissing } from './browser.mjs';

const skip = whatIsMissing();
const timeout = 60000;
after(closeBrowser);

// A painter whose small engine lacks an operator: said when the model is opened, or when a width is prepared.
const lacking = (where) => (bytes) => `{
  let isSmall = false;
  self.addEventListener('message', ({ data }) => { if (data.type === 'start') isSmall = data.engine === 'styles'; });
  const make = WebAssembly.instantiate;
  WebAssembly.instantiate = async (module, imports) => {
    const instance = await make(module, imports);
    if (!isSmall) return instance;
    const exports = { ...instance.exports };
    const text = new TextEncoder().encode('node 3: the operator MaxPool is not in this build\\0');
    let error = 0;
    const say = () => {
      const memory = exports.memory ?? imports.env.memory;
      error = exports.tempera_web_allocate(64);
      new Uint8Array(memory.buffer).set(text, error);
    };
    if (${where === 'open'}) {
      exports.tempera_web_open = () => { say(); return 0; };
      exports.tempera_web_status = () => 4;
    } else {
      exports.tempera_web_prepare = (stylizer, width, ...more) => {
        if (width !== 200) return instance.exports.tempera_web_prepare(stylizer, width, ...more);
        say();
        return 4;
      };
    }
    exports.tempera_web_error = () => error || instance.exports.tempera_web_error();
    return { exports };
  };
}
${bytes}`;

const tools = () => {
  window.load = (more) =>
    tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32', threads: 2, ...more });
  window.outcome = (promise) => promise.then(
    (value) => (value === null ? 'null' : `${value.width}x${value.height}`), (e) => `${e.code ?? e.name}: ${e.message}`);
};
async function inPage(run, options = {}, argument = undefined) {
  const o = await open(options);
  try {
    await o.page.evaluate(tools);
    const value = await o.page.evaluate(run, argument);
    const modules = o.server.served.filter((path) => path.endsWith('.wasm')).map((path) => path.slice(6));
    assert.deepEqual(o.said.filter((line) => line.startsWith('uncaught')), []);
    return { value, modules };
  } finally {
    await o.close();
  }
}

test('the small engine is what a style gets, and the whole one who asks for it', { skip, timeout }, async () => {
  for (const engine of [undefined, 'styles', 'whole']) {
    const { value, modules } = await inPage(async (engine) => {
      const t = await window.load(engine ? { engine } : {});
      const painted = await window.outcome(t.paint(new ImageData(64, 64)));
      const said = [t.info.engine, painted];
      t.close();
      return said;
    }, {}, engine);
    assert.deepEqual(value, [engine ?? 'styles', '64x64']);
    assert.deepEqual(modules, [engine === 'whole' ? 'tempera-relaxed-whole.wasm' : 'tempera-relaxed.wasm']);
  }
});

test('a model that the small engine refuses is painted by the whole one, and the page hears nothing', { skip, timeout },
  async () => {
    for (const build of ['relaxed', 'single']) {
      const { value, modules } = await inPage(async (build) => {
        const t = await window.load({ build });
        const said = [t.info.engine, await window.outcome(t.paint(new ImageData(64, 64)))];
        // A larger memory goes on with the whole engine.
        said.push(await window.outcome(t.paint(new ImageData(1000, 700))), t.info.engine, t.stats.crashes);
        t.close();
        return said;
      }, { replace: { '/dist/painter-worker.js': lacking('open') } }, build);
      assert.deepEqual(value, ['whole', '64x64', '1000x700', 'whole', 0]);
      assert.deepEqual(modules, [`tempera-${build}.wasm`, `tempera-${build}-whole.wasm`]);
    }
  });

/** An .onnx of one MaxPool over three rows and columns: no style network has it. */
function pooling() {
  const number = (n) => (n > 127 ? [(n & 127) | 128, ...number(n >> 7)] : [n]);
  const field = (id, body) => [...number(8 * id + 2), ...number(body.length), ...body];
  const value = (id, n) => [...number(8 * id), ...number(n)];
  const text = (id, s) => field(id, [...Buffer.from(s)]);
  const list = (name, ...ints) => field(5, [...text(1, name), ...ints.flatMap((n) => value(8, n)), ...value(20, 7)]);
  const dim = (d) => field(1, typeof d === 'number' ? value(1, d) : text(2, d));
  const picture = (id, name) => field(id, [...text(1, name),
    ...field(2, field(1, [...value(1, 1), ...field(2, [1, 3, 'h', 'w'].flatMap(dim))]))]);
  const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'MaxPool'), ...list('kernel_shape', 3, 3),
    ...list('strides', 1, 1), ...list('pads', 1, 1, 1, 1)];
  const graph = [...field(1, node), ...text(2, 'g'), ...picture(11, 'x'), ...picture(12, 'y')];
  return Buffer.from([...value(1, 8), ...field(7, graph), ...field(8, value(2, 13))]);
}

test('any model of the whole engine is painted, with no word from the page', { skip, timeout }, async () => {
  for (const build of ['relaxed', 'simd', 'single'].filter(hasBuild)) {
    const [small, whole] = ['', '-whole'].map((name) =>
      readFileSync(new URL(`../../web/dist/tempera-${build}${name}.wasm`, import.meta.url)));
    const { value } = await inPage(async (build) => {
      const t = await window.load({ model: '/pooling.onnx', build });
      const image = new ImageData(64, 64);
      image.data.set([200, 200, 200, 255], 4 * (64 * 30 + 30));
      const { data } = await t.paint(image);
      const said = [t.info.engine, [29, 30, 31].map((x) => data[4 * (64 * 31 + x)])];
      t.close();
      return said;
    }, { replace: { '/pooling.onnx': pooling() } }, build);
    // Builds for trying things may have one module under both names.
    assert.equal(value[0], small.equals(whole) ? 'styles' : 'whole', build);
    assert.ok(value[1].every((v) => v >= 198), `${build}: ${value[1]}`);
  }
});

test('a size that the small engine refuses is painted by the whole one', { skip, timeout }, async () => {
  const { value, modules } = await inPage(async () => {
    const t = await window.load({});
    t.set('strength', 0);
    const said = [await window.outcome(t.paint(new ImageData(64, 64))), t.info.engine];
    const image = new ImageData(200, 100);
    image.data.fill(77);
    const painting = await t.paint(image);
    said.push(painting.data.every((v) => v === 77), t.info.engine, t.stats.crashes);
    t.close();
    const other = await window.load({});
    await other.prepare(200, 100);
    said.push(other.info.engine);
    other.close();
    // A track: its frames are lost until the whole engine is there.
    const third = await window.load({});
    const canvas = Object.assign(document.createElement('canvas'), { width: 200, height: 100 });
    const c = canvas.getContext('2d');
    const drawing = setInterval(() => c.fillRect(0, 0, Math.random() * 200, 90), 30);
    await third.process(canvas.captureStream().getVideoTracks()[0]);
    for (let i = 0; i < 200 && third.stats.painted < 3; ++i) await new Promise((resolve) => setTimeout(resolve, 20));
    said.push(third.stats.painted >= 3, third.info.engine);
    clearInterval(drawing);
    await third.stop();
    said.push(third.stats.opened - third.stats.closed);
    third.close();
    return said;
  }, { replace: { '/dist/painter-worker.js': lacking('prepare') } });
  assert.deepEqual(value, ['64x64', 'styles', true, 'whole', 0, 'whole', true, 'whole', 0]);
  assert.equal(modules.filter((name) => name.includes('whole')).length, 3);
});

test('without the whole engine it is said what the small one lacks', { skip, timeout }, async () => {
  const words = new RegExp('^network: The small engine cannot run this model \\(node 3: the operator MaxPool is not in this ' +
    'build\\), and the whole one cannot be had: http.*/dist/tempera-relaxed-whole\\.wasm could not be fetched: the server ' +
    'says 404\\.$');
  const missing = { '/dist/tempera-relaxed-whole.wasm': null };
  const opened = await inPage(() => window.outcome(window.load({})),
    { replace: { ...missing, '/dist/painter-worker.js': lacking('open') } });
  assert.match(opened.value, words);
  const prepared = await inPage(async () => {
    const t = await window.load({});
    const said = [await window.outcome(t.paint(new ImageData(200, 100))), await window.outcome(t.prepare(200, 100))];
    said.push(await window.outcome(t.paint(new ImageData(64, 64))), t.info.engine);
    t.close();
    return said;
  }, { replace: { ...missing, '/dist/painter-worker.js': lacking('prepare') } });
  assert.match(prepared.value[0], words);
  assert.match(prepared.value[1], words);
  assert.deepEqual(prepared.value.slice(2), ['64x64', 'styles']);
  assert.equal(prepared.modules.length, 2, 'a module that is not there was asked for again');
});

test('a file of findings spares calibration; one that is missing or damaged costs nothing else', { skip, timeout },
  async () => {
    const { value } = await inPage(async () => {
      const kept = {};
      const run = async (findings) => {
        const stages = new Set();
        const t = await window.load({ precision: 'auto', findings,
          onfinding: (key, bytes) => (kept[key] = btoa(String.fromCharCode(...bytes))),
          onprogress: (p) => stages.add(p.stage) });
        const painting = await t.paint(new ImageData(160, 120));
        t.close();
        return { calibrated: stages.has('calibrating'), painting };
      };
      const first = await run(undefined);
      const file = (text) => URL.createObjectURL(new Blob([text]));
      const rows = { first: first.calibrated };
      const tries = {
        file: file(JSON.stringify({ findings: kept })), missing: '/models/none.findings.json', text: file('<!doctype html>'),
        empty: file('{}'), damaged: file(JSON.stringify({ findings: { ...kept, other: 7 } })),
        bytes: file(JSON.stringify({ findings: Object.fromEntries(Object.keys(kept).map((key) => [key, 'AAAA'])) })),
      };
      for (const [name, findings] of Object.entries(tries)) {
        const { calibrated, painting } = await run(name === 'file' ? new URL(findings) : findings);
        rows[name] = calibrated;
        if (!painting.data.every((v, i) => v === first.painting.data[i])) rows[name] = 'other pixels';
      }
      return rows;
    });
    assert.deepEqual(value,
      { first: true, file: false, missing: true, text: true, empty: true, damaged: true, bytes: true });
  });

test('what web/find.mjs finds out in advance is what each build would', { skip, timeout }, async () => {
  const model = readFileSync(new URL('../../models/starry-night.onnx', import.meta.url));
  const lines = [];
  const sizes = ['640x360', '160x120'];
  const text = findingsOf(model, { sizes, tell: (line) => lines.push(line) });
  const builds = ['relaxed', 'simd', 'single'].filter(hasBuild);
  assert.equal(lines.length, builds.length + (hasBuild('relaxed') ? 2 : 0), lines.join('\n'));
  for (const build of builds) {
    const { value } = await inPage(async (build) => {
      const found = [];
      const stages = new Set();
      const t = await window.load({ build, precision: 'auto', findings: '/starry-night.findings.json',
        onfinding: (key) => found.push(key), onprogress: (p) => stages.add(p.stage) });
      const said = [];
      for (const [width, height] of [[160, 120], [640, 360], [301, 413]]) {
        said.push(await window.outcome(t.paint(new ImageData(width, height))));
      }
      const { engine } = t.info;
      t.close();
      return { found, calibrated: stages.has('calibrating'), said, engine };
    }, { replace: { '/starry-night.findings.json': text } }, build);
    assert.deepEqual(value, { found: [], calibrated: false, engine: 'styles',
      said: ['160x120', '640x360', '301x413'] }, build);
  }
});
