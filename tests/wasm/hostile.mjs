// What would leave the memory of a machine whose addresses have 32 bits, through the shipped module: sizes beyond 4 GiB,
// pictures that lie about where they are, and memories too small for what is asked.
//   node [--experimental-wasm-relaxed-simd --no-liftoff] tests/wasm/hostile.mjs MODULE
import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import {codes, compile, Engine, formats, memoryFor, precisions} from './module.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const style = readFileSync(`${here}/../../models/starry-night.onnx`);
const module = compile(process.argv[2]);
let wrong = 0, checked = 0;

function expect(holds, what) {
  ++checked;
  if (holds) return;
  ++wrong;
  console.log(`WRONG: ${what}`);
}

function start(mib = 256) {
  const engine = new Engine(module, memoryFor(module, mib));
  engine.exports._initialize();
  return engine;
}

/** Bytes that nobody has any business with, all around. */
function canary(engine) {
  const size = 1 << 20, at = engine.allocate(size);
  engine.bytes(at, size).fill(0xab);
  return () => engine.bytes(at, size).every((byte) => byte === 0xab);
}

// Each of these takes its tensors beyond 4 GiB at 64x64.
function hostileModels() {
  for (const name of readdirSync(`${here}/found`).filter((file) => file.endsWith('.onnx'))) {
    const engine = start(), {exports} = engine;
    const intact = canary(engine);
    const stylizer = engine.open(readFileSync(`${here}/found/${name}`), precisions.fp32);
    if (stylizer !== 0) {
      const status = exports.tempera_web_prepare(stylizer, 64, 64, formats.rgba);
      expect(status === codes.outOfMemory, `${name}: prepare said ${status} ${engine.error()}`);
      const pixels = engine.allocate(4 * 64 * 64), picture = engine.picture(formats.rgba, 64, 64, [pixels], [256]);
      const painted = exports.tempera_web_paint(stylizer, picture, picture, 0, 0);
      expect(painted === codes.outOfMemory, `${name}: paint said ${painted} ${engine.error()}`);
    }
    expect(intact(), `${name} wrote over memory that is not its own`);
  }
}

function hugeFrames() {
  const engine = start(), {exports} = engine;
  const stylizer = engine.open(style, precisions.fp32);
  expect(stylizer !== 0, `open: ${engine.error()}`);
  for (const size of [9400, 9540, 10000, 13000, 16384]) {
    const status = exports.tempera_web_prepare(stylizer, size, size, formats.rgba);
    expect(status === codes.outOfMemory, `${size}x${size}: prepare said ${status}`);
    expect(/[0-9.]+ [GM]iB/.test(engine.error()), `${size}x${size}: "${engine.error()}" does not say how much`);
  }
  const status = exports.tempera_web_prepare(stylizer, 64, 48, formats.rgba);
  expect(status === codes.ok, `a small frame behind the huge ones: ${status} ${engine.error()}`);
}

function lyingPictures() {
  const engine = start(), {exports} = engine;
  const stylizer = engine.open(style, precisions.fp32);
  const pixels = engine.allocate(4 * 64 * 64), most = 2 ** 31 - 1;
  const good = engine.picture(formats.rgba, 64, 64, [pixels], [256]);
  const intact = canary(engine);
  const lies = {
    'a stride that wraps': [formats.rgba, 64, 64, [pixels], [most - 1]],
    'a stride that wraps upwards': [formats.rgba, 64, 64, [pixels], [-most]],
    'the least stride there is': [formats.rgba, 64, 64, [pixels], [-most - 1]],
    'rows that come round to the start': [formats.rgba, 64, 64, [pixels], [2 ** 26 + 256]],
    'a stride below a row': [formats.rgba, 64, 64, [pixels], [255]],
    'no stride': [formats.rgba, 64, 64, [pixels], [0]],
    'no pixels': [formats.rgba, 64, 64, [0], [256]],
    'pixels at the end of all addresses': [formats.rgba, 64, 64, [-256], [256]],
    'a huge width': [formats.rgba, most, 64, [pixels], [most]],
    'a huge height': [formats.rgba, 64, most, [pixels], [256]],
    'a negative height': [formats.rgba, 64, -64, [pixels], [256]],
    'no width': [formats.rgba, 0, 64, [pixels], [256]],
    'a chroma plane out of reach': [formats.i420, 64, 64, [pixels, pixels + 4096, -16], [64, 32, 32]],
    'a chroma stride that wraps': [formats.i420, 64, 64, [pixels, pixels + 4096, pixels + 5120], [64, most, 32]],
    'an unknown format': [77, 64, 64, [pixels], [256]],
  };
  for (const [what, lie] of Object.entries(lies)) {
    const picture = engine.picture(...lie);
    for (const [from, to] of [[picture, good], [good, picture]]) {
      const status = exports.tempera_web_paint(stylizer, from, to, 0, 0);
      expect(status !== codes.ok && engine.error() !== '', `${what}: paint said ${status}`);
    }
  }
  expect(exports.tempera_web_paint(stylizer, good, good, 0, 0) === codes.ok, `the good picture: ${engine.error()}`);
  expect(intact(), 'a lying picture wrote over memory that is not its own');
}

// Refused in words, or the end of the instance: nothing between, which a page would go on with.
function smallMemories() {
  const seen = {worked: 0, refused: 0, trapped: 0};
  for (let pages = 12; pages < 600; pages += pages < 64 ? 1 : 16) {
    try {
      const engine = start(pages / 16), {exports} = engine;
      const stylizer = engine.open(style, precisions.fp32);
      if (stylizer === 0) {
        expect(engine.error() !== '', `${pages} pages: open said nothing`);
        ++seen.refused;
        continue;
      }
      const status = exports.tempera_web_prepare(stylizer, 320, 240, formats.rgba);
      expect(status === codes.ok || status === codes.outOfMemory, `${pages} pages: prepare said ${status}`);
      ++seen[status === codes.ok ? 'worked' : 'refused'];
    } catch (thrown) {
      // A module's own data may not fit in: the engine says so before it makes an instance.
      const known = thrown instanceof WebAssembly.RuntimeError || thrown instanceof WebAssembly.LinkError ||
                    thrown?.message === 'no room for the model';
      expect(known, `${pages} pages: ${Object.prototype.toString.call(thrown)} ${thrown?.message ?? ''}`);
      ++seen.trapped;
    }
  }
  expect(seen.worked > 0 && seen.refused > 0, `no memory was enough, or none too small: ${JSON.stringify(seen)}`);
  return seen;
}

hostileModels();
hugeFrames();
lyingPictures();
let small = '';
if (memoryFor(module, 1) !== null) {
  const seen = smallMemories();
  small = `; of small memories ${seen.worked} served, ${seen.refused} were refused, ${seen.trapped} ended the instance`;
}
console.log(`hostile sizes: ${checked} checks, ${wrong} wrong${small}`);
process.exitCode = wrong === 0 ? 0 : 1;
