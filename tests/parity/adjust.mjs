// keep_colors, brightness and contrast as a file's graph has them, in ONNX Runtime, beside what the engine does to
// frames in their place.
//   node adjust.mjs TEMPERA ADJUST_MODELS SCRATCH FRAME
// At every corner of their ranges and some points between: each byte of the painting within half a level, and what
// floats round, of the oracle's number.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ort from 'onnxruntime-node';

const LIMIT = 0.52;
const WIDTH = 96, HEIGHT = 72;
const [tempera, maker, scratch, frame] = process.argv.slice(2);

function run(command, words) {
  const done = spawnSync(command, words, { maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${command} ended with ${done.status ?? done.signal}: ${done.stderr}`);
  return done.stdout;
}
const pixelsOf = (file, ...filters) => run('ffmpeg', ['-v', 'error', '-i', file, '-frames:v', '1', ...filters, '-pix_fmt',
  'rgb24', '-f', 'rawvideo', '-']);

fs.mkdirSync(scratch, { recursive: true });
const folder = fs.mkdtempSync(path.join(scratch, 'adjust-'));
const at = (name) => path.join(folder, name);
run(maker, [at('painter.onnx'), at('open.onnx')]);
run('ffmpeg', ['-v', 'error', '-i', frame, '-frames:v', '1', '-vf', `scale=${WIDTH}:${HEIGHT}`, at('in.png')]);
const source = pixelsOf(at('in.png'));
const plane = WIDTH * HEIGHT;
const input = Float32Array.from({ length: 3 * plane }, (_, i) => source[3 * (i % plane) + Math.floor(i / plane)]);

const session = await ort.InferenceSession.create(at('open.onnx'), { logSeverityLevel: 3 });
const one = (...numbers) => new ort.Tensor('float32', Float32Array.from(numbers), [numbers.length]);
async function oracle(keep, brightness, contrast) {
  const feeds = { input: new ort.Tensor('float32', input, [1, 3, HEIGHT, WIDTH]), style_weights: one(1, 0, 0), strength: one(1),
    fine_strength: one(1), coarse_strength: one(1), stroke_size: one(0), keep_colors: one(keep), brightness: one(brightness),
    contrast: one(contrast) };
  return (await session.run(feeds)).output.data;
}

// Files with initializers are run with their defaults.
const preset = await ort.InferenceSession.create(at('painter.onnx'), { logSeverityLevel: 3 });
const first = (await preset.run({ input: new ort.Tensor('float32', input, [1, 3, HEIGHT, WIDTH]) })).output.data;
const same = await oracle(0, 0, 1);
let worst = 0, least = Infinity, most = -Infinity, failed = 0, compared = 0;
if (first.some((x, i) => x !== same[i])) {
  console.log('FAILED: the defaults are not keep_colors 0, brightness 0, contrast 1');
  ++failed;
}
const settings = [[0, 0.25, 0.6], [1, -0.4, 1.7]];
for (const keep of [0, 1]) for (const brightness of [-1, 0, 1]) for (const contrast of [0, 1, 2]) settings.push([keep, brightness, contrast]);
for (const [keep, brightness, contrast] of settings) {
  const wanted = await oracle(keep, brightness, contrast);
  fs.rmSync(at('out.png'), { force: true });
  const params = Object.entries({ keep_colors: keep, brightness, contrast }).flatMap((p) => ['--param', p.join('=')]);
  run(tempera, ['stylize', at('in.png'), '-o', at('out.png'), '--style', at('painter.onnx'), '--precision', 'fp32', ...params]);
  const painted = pixelsOf(at('out.png'));
  let furthest = 0;
  for (let i = 0; i < 3 * plane; ++i) {
    furthest = Math.max(furthest, Math.abs(wanted[i] - painted[3 * (i % plane) + Math.floor(i / plane)]));
    least = Math.min(least, wanted[i]);
    most = Math.max(most, wanted[i]);
  }
  ++compared;
  worst = Math.max(worst, furthest);
  if (furthest <= LIMIT) continue;
  ++failed;
  console.log(`FAILED: keep_colors=${keep} brightness=${brightness} contrast=${contrast}: ${furthest} levels off`);
}
if (least !== 0 || most !== 255) {
  console.log(`FAILED: the oracle gives ${least}..${most}, not all of 0..255`);
  ++failed;
}
await session.release();
await preset.release();
fs.rmSync(folder, { recursive: true });
console.log(`${compared} settings beside ONNX Runtime ${ort.env.versions.node}, at most ${worst.toFixed(3)} levels off, ` +
  `${failed} failed (limit ${LIMIT})`);
process.exitCode = failed ? 1 : 0;
