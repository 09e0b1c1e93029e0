// ONNX Runtime Web in a worker of its own, behind the words that engines.mjs says to every peer.
import * as ort from '/peers/onnxruntime-web/dist/ort.wasm.min.mjs';

let session, feeds, last;

async function start({ model, input, width, height, threads }) {
  ort.env.wasm.wasmPaths = '/peers/onnxruntime-web/dist/';
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.simd = 'fixed';
  ort.env.logLevel = 'error';
  session = await ort.InferenceSession.create(model, {
    executionProviders: ['wasm'], graphOptimizationLevel: 'all', executionMode: 'sequential',
  });
  feeds = { [session.inputNames[0]]: new ort.Tensor('float32', input, [1, 3, height, width]) };
  return { version: `ONNX Runtime Web ${ort.env.versions.web}`, threads: ort.env.wasm.numThreads };
}

async function run() {
  const from = performance.now();
  const outputs = await session.run(feeds);
  const ms = performance.now() - from;
  last = outputs[session.outputNames[0]];
  return { ms };
}

const answers = { start, run, output: () => ({ output: new Float32Array(last.data) }) };
onmessage = async ({ data }) => {
  try {
    postMessage(await answers[data.type](data));
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};
