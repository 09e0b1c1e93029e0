// Attributes drawn at random, the engine beside ONNX Runtime.
//   node attributes.mjs ATTRIBUTE_MODELS SCRATCH
// TEMPERA_ATTRIBUTE_NETS of them (60; 2000 by hand) from seed TEMPERA_ATTRIBUTE_FIRST (1) on. Where the oracle runs a
// model, the engine must: same shape, numbers within 1e-4 of the result's range. What both refuse is right; what the
// oracle alone refuses is counted.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import ort from 'onnxruntime-node';

const LIMIT = 1e-4;
const [maker, scratch] = process.argv.slice(2);
const count = Number(process.env.TEMPERA_ATTRIBUTE_NETS ?? 60), first = Number(process.env.TEMPERA_ATTRIBUTE_FIRST ?? 1);
fs.mkdirSync(scratch, { recursive: true });
const folder = fs.mkdtempSync(path.join(scratch, 'attributes-'));
const made = spawnSync(maker, [folder, String(count), String(first)], { encoding: 'utf8' });
if (made.status !== 0) throw new Error(`${maker} ended with ${made.status ?? made.signal}: ${made.stderr}`);

function floats(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function difference(ours, oracle) {
  let low = Infinity, high = -Infinity, worst = 0;
  for (let i = 0; i < oracle.length; ++i) {
    low = Math.min(low, oracle[i]);
    high = Math.max(high, oracle[i]);
    if (Object.is(ours[i], oracle[i])) continue;
    const d = Math.abs(ours[i] - oracle[i]);
    worst = Math.max(worst, Number.isNaN(d) ? Infinity : d);
  }
  // A result of one number has no range: a hundredth of it then.
  return worst / Math.max(high - low, Math.abs(high) / 100, 1e-3);
}

let same = 0, both = 0, oracleOnly = 0, wrong = 0;
for (const c of JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8'))) {
  let oracle;
  try {
    const session = await ort.InferenceSession.create(`${c.stem}.onnx`, { logSeverityLevel: 4 });
    oracle = (await session.run({ x: new ort.Tensor('float32', floats(`${c.stem}.x`), c.shape) })).y;
    await session.release();
  } catch (e) {
    if (c.error) both++; else oracleOnly++;
    if (process.env.TEMPERA_ATTRIBUTE_ALL && !c.error) console.log(`oracle refuses: ${c.what}: ${e.message.slice(0, 200)}`);
    continue;
  }
  if (oracle.data.length === 0 && c.error) {
    both++;  // a window that does not fit: an empty result there, a refusal here
    continue;
  }
  let why;
  if (c.error) why = c.error;
  else if (c.ours.join() !== oracle.dims.join()) why = `shape ${c.ours} instead of ${oracle.dims}`;
  else {
    const d = difference(floats(`${c.stem}.y`), oracle.data);
    if (!(d < LIMIT)) why = `off by ${d} of its range`;
  }
  if (why) {
    wrong++;
    console.log(`FAILED seed ${c.seed}: ${c.what}: ${why}`);
  } else same++;
}
console.log(`${same} the same, ${both} refused by both, ${oracleOnly} by the oracle alone, ${wrong} wrong`);
fs.rmSync(folder, { recursive: true });
process.exit(wrong > 0 || same === 0 ? 1 : 0);
