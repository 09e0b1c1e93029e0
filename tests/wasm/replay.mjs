// The fuzzers' corpus through the shipped module: each model is opened, prepared at an awkward small size, painted in
// two formats and closed. None may trap, hang, or leave memory behind; a name is printed of whichever does.
//   node [--experimental-wasm-relaxed-simd --no-liftoff] tests/wasm/replay.mjs MODULE FILE_OR_FOLDER...
// A missing folder is no error. Models run on two threads where the module has them.
import {readdirSync, readFileSync, statSync} from 'node:fs';
import {isMainThread, parentPort, Worker, workerData} from 'node:worker_threads';

import {compile, Engine, formats, isShared, memoryFor, precisions} from './module.mjs';

const mib = 256, hangMs = 30000;
const width = 37, height = 23; // no multiple of anything, smaller than a vector's worth of tiles
const helperStack = 262144, pattern = 0xa5; // as web/src/painter.ts gives its helpers
const rounds = 3; // the first fills caches

function modelsIn(path) {
  const status = statSync(path, {throwIfNoEntry: false});
  if (!status) return [];
  if (status.isFile()) return path.endsWith('.onnx') ? [path] : [];
  return readdirSync(path).sort().flatMap((name) => modelsIn(`${path}/${name}`));
}

// ---- the thread that paints ----

/** Odd strides, and gaps that must stay as they are. */
function pictures(engine) {
  const row = 4 * width + 12, half = (width + 1) >> 1, rows = (height + 1) >> 1;
  const rgba = engine.allocate(row * height), luma = engine.allocate((width + 3) * height);
  const cb = engine.allocate((half + 5) * rows), cr = engine.allocate((half + 5) * rows);
  let seed = 1;
  for (const [at, size] of [[rgba, row * height], [luma, (width + 3) * height], [cb, (half + 5) * rows]]) {
    engine.bytes(at, size).forEach((_, i, bytes) => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      bytes[i] = seed >>> 24;
    });
  }
  return {
    rgba: engine.picture(formats.rgba, width, height, [rgba], [row]),
    i420: engine.picture(formats.i420, width, height, [luma, cb, cr], [width + 3, half + 5, half + 5]),
    target: engine.picture(formats.rgba, width, height, [engine.allocate(4 * width * height)], [4 * width]),
  };
}

function paintOne(engine, frames, bytes, precision, count) {
  const {exports} = engine;
  const stylizer = engine.open(bytes, precision);
  if (stylizer === 0) return void ++count.refused;
  engine.text(exports.tempera_web_parameters(stylizer));
  const prepared = exports.tempera_web_prepare(stylizer, width, height, formats.rgba);
  const painted = exports.tempera_web_paint(stylizer, frames.rgba, frames.rgba, 0, 0) === 0 &&
                  exports.tempera_web_paint(stylizer, frames.i420, frames.target, 40000, 0) === 0;
  if (prepared === 0 && painted) ++count.painted;
  else ++count.refused;
  exports.tempera_web_close(stylizer);
}

function replay({module, memory, files, from}) {
  const engine = new Engine(module, memory);
  const {exports} = engine;
  exports._initialize();
  const count = {painted: 0, refused: 0, traps: []};
  if (memory) {
    const stack = engine.allocate(helperStack), tls = engine.allocate(Math.max(64, exports.__tls_size.value));
    engine.bytes(stack, helperStack).fill(pattern);
    parentPort.postMessage({helper: {stack: (stack + helperStack) & ~15, tls}, bottom: stack});
    const asleep = new Int32Array(new SharedArrayBuffer(4));
    while (exports.tempera_web_workers() < 1) Atomics.wait(asleep, 0, 0, 1);
  }
  const frames = pictures(engine);
  const left = [];
  for (let round = 0; round < rounds; ++round) {
    for (let i = from; i < files.length; ++i) {
      parentPort.postMessage({file: files[i], i});
      const bytes = readFileSync(files[i]);
      for (const precision of [precisions.fp32, precisions.auto]) {
        try {
          paintOne(engine, frames, bytes, precision, count);
        } catch (thrown) {
          // What the door closes it says; an exception that comes through would be taken for one that can be
          // survived, and is none.
          const kind = thrown instanceof WebAssembly.RuntimeError ? 'trap' : 'exception';
          return parentPort.postMessage({stopped: `${kind}: ${thrown?.message ?? thrown}`, i, count});
        }
      }
    }
    // A memory that grows has no end to look for: its size says as much.
    left.push(memory ? engine.largestBlock() : engine.memory.buffer.byteLength);
  }
  parentPort.postMessage({done: true, count, left, size: engine.memory.buffer.byteLength});
}

function help({module, memory, stack, tls}) {
  const {exports} = new Engine(module, memory);
  exports.__stack_pointer.value = stack;
  if (exports.__tls_size.value > 0) exports.__wasm_init_tls(tls);
  exports.tempera_web_worker(1);
}

// ---- the thread that watches ----

/** One instance, from file number `from` on, until the end or a trap. */
function runFrom(module, files, from) {
  const memory = memoryFor(module, mib);
  const painter = new Worker(new URL(import.meta.url), {workerData: {role: 'paint', module, memory, files, from}});
  let helper = null, bottom = 0, at = from, timer = null;
  return new Promise((resolve) => {
    const end = async (result) => {
      clearTimeout(timer);
      await painter.terminate();
      await helper?.terminate();
      let deepest = 0;
      if (memory && bottom) {
        const stack = new Uint8Array(memory.buffer, bottom, helperStack);
        const touched = stack.findIndex((byte) => byte !== pattern);
        deepest = touched < 0 ? 0 : helperStack - touched;
      }
      resolve({...result, i: result.i ?? at, deepest});
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => void end({stopped: `nothing was heard for ${hangMs / 1000} s`}), hangMs);
    };
    watch();
    painter.on('error', (error) => void end({stopped: `the worker ended: ${error.message}`}));
    painter.on('message', (message) => {
      watch();
      if (message.helper) {
        bottom = message.bottom;
        helper = new Worker(new URL(import.meta.url), {workerData: {role: 'help', module, memory, ...message.helper}});
        helper.on('error', (error) => void end({stopped: `the helper ended: ${error.message}`}));
      } else if (message.file) {
        at = message.i;
      } else {
        void end(message);
      }
    });
  });
}

async function main([path, ...places]) {
  const files = places.flatMap(modelsIn);
  if (files.length === 0) throw new Error('no .onnx among what was named');
  const module = compile(path);
  const started = performance.now();
  const bad = [];
  let deepest = 0, last = null;
  for (let from = 0; from < files.length;) {
    const result = await runFrom(module, files, from);
    deepest = Math.max(deepest, result.deepest);
    last = result;
    if (result.done) break;
    console.log(`${files[result.i]}: ${result.stopped}`);
    bad.push(files[result.i]);
    from = result.i + 1;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (bad.length > 0) {
    console.log(`${bad.length} of ${files.length} models ended the module`);
    return 1;
  }
  const {count, left, size} = last;
  const mibOf = (bytes) => (bytes / 1048576).toFixed(1);
  const flat = left[1] === left[2];
  console.log(`${files.length} models, ${rounds} rounds in ${seconds} s: ${count.painted} painted, ${count.refused} refused, ` +
              `no trap; ` + (isShared(module) ?
    `largest free block of ${mibOf(size)} MiB after each round: ${left.map(mibOf).join(', ')} MiB; ` +
    `a helper's stack was used to ${deepest} of ${helperStack} bytes` :
    `memory after each round: ${left.map(mibOf).join(', ')} MiB`));
  if (!flat) console.log('memory is not flat: something is left behind by each round');
  // Half of it is for whatever this corpus has not met.
  if (deepest > helperStack / 2) console.log('a helper went deeper than half of its stack');
  return flat && deepest <= helperStack / 2 && count.painted > 0 ? 0 : 1;
}

if (isMainThread) {
  process.exitCode = await main(process.argv.slice(2));
} else if (workerData.role === 'paint') {
  replay(workerData);
} else {
  help(workerData);
}
