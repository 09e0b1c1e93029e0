// ONNX Runtime behind the protocol of bench_session: one iteration per line.
//   node onnxruntime.mjs MODEL.onnx WIDTHxHEIGHT THREADS
import { createRequire } from 'node:module';
import readline from 'node:readline';

// The oracle of the parity tests, pinned and installed there, is the peer here.
const ort = createRequire(new URL('../../tests/parity/', import.meta.url))('onnxruntime-node');

const [model, size, threads] = process.argv.slice(2);
const [width, height] = size.split('x').map(Number);
const session = await ort.InferenceSession.create(model, {
  logSeverityLevel: 3,
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
});
const data = new Float32Array(3 * width * height);
for (let i = 0; i < data.length; ++i) data[i] = 127.5 + 100 * Math.sin(i * 0.013);
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, [1, 3, height, width]) };

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line !== 'run') continue;
  const start = process.hrtime.bigint();
  await session.run(feeds);
  console.log((Number(process.hrtime.bigint() - start) / 1e6).toFixed(4));
}
