// ONNX Runtime behind the protocol of bench_session: one iteration per line.
//   node onnxruntime.mjs MODEL.onnx WIDTHxHEIGHT THREADS
import { createRequire } from 'node:module';
import fs from 'node:fs';
import readline from 'node:readline';

// The oracle of the parity tests, pinned and installed there, is the peer here.
const ort = createRequire(new URL('../../tests/parity/', import.meta.url))('onnxruntime-node');

const [model, size, threads] = process.argv.slice(2);
const [width, height] = size.split('x').map(Number);
let session;
try {
  session = await ort.InferenceSession.create(model, {
    logSeverityLevel: 3,
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
  });
} catch (error) {
  console.log(`absent ${String(error.message).split('\n')[0]}`);
  process.exit(1);
}
const data = new Float32Array(3 * width * height);
for (let i = 0; i < data.length; ++i) data[i] = 127.5 + 100 * Math.sin(i * 0.013);
const declared = session.inputMetadata[0].shape;
const channelsLast = declared.length === 4 && declared[1] !== 3 && declared[3] === 3;
const shape = channelsLast ? [1, height, width, 3] : [1, 3, height, width];
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

function statusMib(name) {
  const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(fs.readFileSync('/proc/self/status', 'utf8'));
  return found ? Number(found[1]) / 1024 : 0;
}

console.log(`ready ONNX Runtime ${ort.env.versions.node}`);
for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line === 'run') {
    const cpu = cpuMs();
    const start = process.hrtime.bigint();
    await session.run(feeds);
    console.log(`${(Number(process.hrtime.bigint() - start) / 1e6).toFixed(4)} ${(cpuMs() - cpu).toFixed(4)}`);
  }
  if (line === 'facts') console.log(JSON.stringify({ peak_mib: statusMib('VmHWM'), resident_mib: statusMib('VmRSS') }));
}
