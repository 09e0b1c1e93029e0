// Calibrates a model for browsers in advance: what they would find out about it in the tab, for every build of the
// engine and every processor. Pages give the file to Tempera.load as `findings`.
//   node find.mjs MODEL.onnx [-o FILE] [--engine FOLDER] [--sizes 640x360,384x216] [--mask]
// --mask: it is a mask network. Needs the whole engine.
// FILE: default MODEL.findings.json, in the folder at hand. FOLDER holds the package's .wasm files (default dist). One
// size answers for all that have at least 256 pixels either way; each smaller one has an answer of its own, and the usual
// ones are what automatic sizes come down to.
// The engine decides by shapes and by the dot kernel that it has, never by a stopwatch, so that this machine's answer is
// the same as the visitor's; which kernel that is follows from how a processor reads an instruction (relaxed_dot.mjs).
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { readings, withReading } from './relaxed_dot.mjs';

// Node before 22 knows the other relaxed instructions by this only.
if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');

const here = dirname(fileURLToPath(import.meta.url));
const memoryMB = 512;
// Calibration looks at 256 pixels at most either way, so that the first holds for all larger sizes.
const usualSizes = ['640x360', '320x240', '240x320', '384x216', '216x384', '320x180', '256x144'];
// A mask network sees frames at a size of its own, by their shapes.
const usualShapes = ['640x360', '640x480', '360x640', '480x640', '512x512'];

/** found: is told of each finding. Answers with the kernel that was used. */
function calibrate(bytes, model, sizes, found, isMask) {
  const module = new WebAssembly.Module(bytes);
  const isShared = WebAssembly.Module.imports(module).some(({ kind }) => kind === 'memory');
  const pages = memoryMB * 16;
  const given = isShared ? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }) : null;
  const memory = () => given ?? instance.exports.memory;
  const text = (at) => {
    const all = new Uint8Array(memory().buffer);
    return new TextDecoder().decode(all.slice(at, all.indexOf(0, at)));
  };
  const put = (at, setter, value) => new DataView(memory().buffer)[setter](at, value, true);
  const none = (...at) => (at.forEach((a) => put(a, 'setUint32', 0)), 0);
  const wasi = {
    environ_get: () => 0,
    environ_sizes_get: none,
    clock_time_get: (id, precision, out) => (put(out, 'setBigUint64', BigInt(Math.round(performance.now() * 1e6))), 0),
    proc_exit: (code) => { throw new Error(`the engine gave up (${code})`); },
  };
  const tempera = {
    log: () => {},
    progress: () => {},
    found: (key, at, length) => found(text(key), new Uint8Array(memory().buffer).slice(at, at + length)),
  };
  const refused = 8; // EBADF: there are no files
  const instance = new WebAssembly.Instance(module, { tempera, env: { memory: given },
    wasi_snapshot_preview1: new Proxy(wasi, { get: (calls, name) => calls[name] ?? (() => refused) }) });
  const e = instance.exports;
  e._initialize();
  const kernel = text(e.tempera_web_kernel());
  const at = e.tempera_web_allocate(model.length);
  new Uint8Array(memory().buffer).set(model, at);
  if (isMask && !e.tempera_web_mask_open) throw new Error('mask networks need the whole engine: tempera-*-whole.wasm');
  for (const size of sizes) {
    const [, width, height] = /^(\d+)x(\d+)$/.exec(size) ?? [];
    if (!width) throw new Error(`a size is like 640x360, not ${size}`);
    // Each anew: a model that is open goes on with what it found at the size before.
    const ends = isMask ? maskOf(e, at, model.length, memory) : styleOf(e, at, model.length);
    if (!ends || ends.prepare(Number(width), Number(height)) !== 0) throw new Error(text(e.tempera_web_error()));
    ends.close();
  }
  return kernel;
}

/** Opened; null where it is refused. */
function styleOf(e, at, length) {
  const stylizer = e.tempera_web_open(at, length, 0, 0, 0, 0);
  return stylizer && { prepare: (width, height) => e.tempera_web_prepare(stylizer, width, height, 0),
    close: () => e.tempera_web_close(stylizer) };
}
function maskOf(e, at, length, memory) {
  const out = e.tempera_web_allocate(4);
  if (e.tempera_web_mask_open(at, length, 0, 0, 0, out) !== 0) return null;
  const masker = new DataView(memory().buffer).getUint32(out, true);
  return { prepare: (width, height) => e.tempera_web_mask_prepare(masker, width, height),
    close: () => e.tempera_web_mask_close(masker) };
}

/** Of each build the whole engine, for the small one may have no calibration. */
function* modulesIn(folder) {
  const moduleOf = (build) => ['-whole', ''].map((name) => join(folder, `tempera-${build}${name}.wasm`)).find(existsSync);
  for (const build of ['single', 'simd']) {
    const file = moduleOf(build);
    if (file) yield { name: build, bytes: readFileSync(file), kernel: 'wasm_s16' };
  }
  const file = moduleOf('relaxed');
  if (!file) return;
  const bytes = readFileSync(file);
  for (const [reading, kernel] of Object.entries(readings)) {
    yield { name: `relaxed, ${reading}`, bytes: withReading(bytes, reading), kernel };
  }
}

/** The text of a file of findings. folder: of .wasm files. tell: hears a line for each build. */
export function findingsOf(model, { folder = join(here, 'dist'), isMask = false, tell = () => {}, ...more } = {}) {
  const sizes = more.sizes ?? (isMask ? usualShapes : usualSizes);
  const findings = {};
  let builds = 0;
  for (const { name, bytes, kernel } of modulesIn(folder)) {
    const start = performance.now();
    let count = 0;
    const used = calibrate(bytes, model, sizes, (key, finding) => {
      findings[key] = Buffer.from(finding).toString('base64');
      ++count;
    }, isMask);
    if (used !== kernel) throw new Error(`${name}: the engine took the kernel ${used}, not ${kernel}`);
    tell(`${name}: ${count} findings with ${kernel}, ${Math.round(performance.now() - start)} ms`);
    ++builds;
  }
  if (builds === 0) throw new Error(`there are no .wasm files of the engine in ${folder}: node build.mjs makes them`);
  return `${JSON.stringify({ findings })}\n`;
}

const usage = 'usage: node find.mjs MODEL.onnx [-o FILE] [--engine FOLDER] [--sizes 640x360,384x216] [--mask]\n' +
  'FILE: MODEL.findings.json in the folder at hand.';

function main([...words]) {
  if (words.some((word) => word === '-h' || word === '--help')) return console.log(usage);
  const option = (name) => {
    const at = words.indexOf(name);
    return at < 0 ? undefined : words.splice(at, 2)[1];
  };
  const isMask = words.includes('--mask');
  if (isMask) words.splice(words.indexOf('--mask'), 1);
  const engine = option('--engine');
  const out = option('-o');
  const sizes = option('--sizes')?.split(',');
  const [file, ...rest] = words;
  if (!file || rest.length > 0) throw new Error(usage);
  const to = out ?? `${basename(file, '.onnx')}.findings.json`;
  const folder = engine === undefined ? undefined : resolve(engine);
  const text = findingsOf(readFileSync(file), { folder, sizes, isMask, tell: (line) => console.log(line) });
  writeFileSync(to, text);
  console.log(`${to}: ${text.length} bytes`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.slice(2));
  } catch (thrown) {
    console.error(thrown.message);
    process.exitCode = 1;
  }
}
