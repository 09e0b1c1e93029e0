// Parity: the engine beside ONNX Runtime on real frames.
//   node parity.mjs TEMPERA SCRATCH FRAME
// Every model in the project's models/ and, where the test data is there, in its models/onnx,
// fed with FRAME (and with photographs of the test data). For each output the largest
// difference, divided by the range of ONNX Runtime's output, must be below 1e-4.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import { metadataOf } from '../../web/page/metadata.mjs';

const LIMIT = 1e-4;
// Width x height for models that take any size: 16:9, odd multiples of 4, tall, and smaller than a tile.
const SIZES = [[640, 360], [324, 244], [100, 332], [36, 28]];
// Numbers that a network was trained on are part of its input contract: [offset, divisor] per file, 0..255 else.
const RANGES = [[/^SINet/, 127.5, 60], [/^ultraface/, 127, 128], [/^prisma/, 0, 255]];

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const data = process.env.TEMPERA_TEST_DATA ?? path.resolve(root, '../shared/data');
const [tempera, scratch, sceneFrame] = process.argv.slice(2);

function list(folder, pattern) {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).filter((name) => pattern.test(name)).sort().map((name) => path.join(folder, name));
}

// RGB bytes of a picture or a film's first frame, at the size asked for.
function readFrame(file, width, height) {
  const done = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-frames:v', '1', '-vf', `scale=${width}:${height}`,
    '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'], { maxBuffer: 1 << 28 });
  if (done.status !== 0 || done.stdout.length !== width * height * 3) {
    throw new Error(`ffmpeg cannot read ${file}: ${done.stderr}`);
  }
  return done.stdout;
}

// The pixels as [1, 3, h, w], or as [1, h, w, 3] for a model that wants its channels last.
function toTensor(rgb, width, height, channelsLast, [offset, divisor]) {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; ++i) {
    for (let c = 0; c < 3; ++c) values[channelsLast ? 3 * i + c : c * plane + i] = (rgb[3 * i + c] - offset) / divisor;
  }
  return values;
}

function writeNpy(file, values, shape) {
  let header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  header = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11) + '\n';
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  fs.writeFileSync(file, Buffer.concat([prefix, Buffer.from(header, 'latin1'), Buffer.from(values.buffer)]));
}

const NPY_TYPES = { '<f4': Float32Array, '<f8': Float64Array, '<i8': BigInt64Array, '<i4': Int32Array, '|u1': Uint8Array,
  '|b1': Uint8Array };

function readNpy(file) {
  const bytes = fs.readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const type = NPY_TYPES[/'descr': *'([^']+)'/.exec(header)[1]];
  const shape = /'shape': *\(([^)]*)\)/.exec(header)[1].split(',').filter((s) => s.trim()).map(Number);
  return { shape, values: new type(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length)) };
}

// Largest difference over the oracle's range; Infinity where a number is missing or not finite on one side only.
function relativeError(ours, oracle) {
  let low = Infinity, high = -Infinity, worst = 0;
  for (let i = 0; i < oracle.length; ++i) {
    const a = Number(ours[i]), b = Number(oracle[i]);
    if (b < low) low = b;
    if (b > high) high = b;
    if (Object.is(a, b)) continue;
    const difference = Math.abs(a - b);
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference;
  }
  if (worst === 0) return 0;
  return high > low ? worst / (high - low) : worst;
}

async function compare(model, frame, size) {
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3 });
  const meta = session.inputMetadata[0];
  const fixed = meta.shape.every((d, i) => i === 0 || typeof d === 'number');
  const channelsLast = meta.shape.length === 4 && meta.shape[1] !== 3 && meta.shape[3] === 3;
  // Raw tensors: nobody mirrors the edge up to what the network divides by.
  const multiple = Number(metadataOf(fs.readFileSync(model))['tempera.size_multiple'] ?? 4);
  const divisible = size.map((n) => Math.ceil(n / multiple) * multiple);
  const [width, height] = !fixed ? divisible : channelsLast ? [meta.shape[2], meta.shape[1]] : [meta.shape[3], meta.shape[2]];
  const shape = channelsLast ? [1, height, width, 3] : [1, 3, height, width];
  const name = path.basename(model);
  const found = RANGES.find(([pattern]) => pattern.test(name));
  const values = toTensor(readFrame(frame, width, height), width, height, channelsLast,
    found ? found.slice(1) : [0, 1]);
  const oracle = await session.run({ [meta.name]: new ort.Tensor('float32', values, shape) });

  const folder = fs.mkdtempSync(path.join(scratch, 'run-'));
  const input = path.join(folder, 'x.npy');
  writeNpy(input, values, shape);
  const run = spawnSync(tempera, ['run', model, '--input', `${meta.name}=${input}`, '--output', path.join(folder, 'out'),
    '--precision', 'fp32'], { encoding: 'utf8' });
  const rows = [];
  for (const output of session.outputNames) {
    const row = { model: name, frame: path.basename(frame), size: `${width}x${height}`, output };
    rows.push(row);
    if (run.status !== 0) {
      row.why = run.stderr.trim() || `tempera ended with ${run.status ?? run.signal}`;
      continue;
    }
    const files = list(path.join(folder, 'out'), /\.npy$/);
    const file = files.find((f) => path.basename(f) === output.replace(/[^A-Za-z0-9._-]/g, '_') + '.npy') ??
      (session.outputNames.length === 1 ? files[0] : undefined);
    if (!file) {
      row.why = `tempera wrote no ${output}.npy`;
      continue;
    }
    const ours = readNpy(file);
    if (ours.shape.join() !== oracle[output].dims.join()) {
      row.why = `shape ${ours.shape} instead of ${oracle[output].dims}`;
      continue;
    }
    row.error = relativeError(ours.values, oracle[output].data);
    if (!(row.error < LIMIT)) row.why = 'too far off';
  }
  fs.rmSync(folder, { recursive: true });
  await session.release();
  return { rows, fixed };
}

async function main() {
  if (!tempera || !scratch || !fs.existsSync(sceneFrame ?? '')) throw new Error('usage: parity.mjs TEMPERA SCRATCH FRAME');
  fs.mkdirSync(scratch, { recursive: true });
  const bundled = list(path.join(root, 'models'), /\.onnx$/);
  const foreign = list(path.join(data, 'models/onnx'), /\.onnx$/);
  if (bundled.length === 0) throw new Error('models/ holds no style');
  const photographs = [list(path.join(data, 'photos/coco'), /\.jpg$/)[0],
    list(path.join(data, 'photos/synthetic_faces'), /\.(jpg|png)$/)[0]].filter(Boolean);
  if (foreign.length === 0) {
    console.log(`note: no test data in ${data}: only the bundled styles, on the sample scene, are compared`);
  }

  const rows = [];
  for (const model of [...bundled, ...foreign]) {
    const first = await compare(model, sceneFrame, SIZES[0]);
    rows.push(...first.rows);
    if (!first.fixed) {
      for (const size of SIZES.slice(1)) rows.push(...(await compare(model, sceneFrame, size)).rows);
    }
    for (const photograph of photographs) rows.push(...(await compare(model, photograph, [484, 364])).rows);
  }

  console.log(`${'model'.padEnd(30)} ${'output'.padEnd(14)} ${'size'.padEnd(9)} ${'frame'.padEnd(28)} error/range`);
  for (const row of rows) {
    console.log(`${row.model.padEnd(30)} ${row.output.padEnd(14)} ${row.size.padEnd(9)} ${row.frame.padEnd(28)} ` +
      `${row.error === undefined ? '' : row.error.toExponential(2)}${row.why ? `  FAILED: ${row.why}` : ''}`);
  }
  const failed = rows.filter((row) => row.why).length;
  console.log(`${rows.length} comparisons of ${bundled.length + foreign.length} models with ONNX Runtime ` +
    `${ort.env.versions.node}, ${failed} failed (limit ${LIMIT})`);
  process.exitCode = failed ? 1 : 0;
}

await main();
