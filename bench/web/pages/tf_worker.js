// TensorFlow.js on its WebAssembly back end in a worker of its own, behind the words that engines.mjs says to every peer.
// A classic worker: its scripts are made for such.
importScripts('/peers/@tensorflow/tfjs-core/dist/tf-core.min.js',
  '/peers/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js');

let network, picture, last;

async function start({ model, input, width, height, threads }) {
  const [{ readGraph }, { tfNetwork }] = await Promise.all([import('./onnx_graph.mjs'), import('./tf_network.mjs')]);
  tf.wasm.setWasmPaths('/peers/@tensorflow/tfjs-backend-wasm/dist/');
  tf.wasm.setThreadsCount(threads);
  if (!(await tf.setBackend('wasm'))) throw new Error('its WebAssembly back end did not start');
  await tf.ready();
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) throw new Error('it found no SIMD');
  network = tfNetwork(tf, readGraph(model));
  picture = tf.tidy(() => tf.transpose(tf.tensor4d(input, [1, 3, height, width]), [0, 2, 3, 1]));
  await picture.data();
  const version = `TensorFlow.js ${tf.version_core}, wasm ${tf.wasm.version_wasm}`;
  return { version, threads: tf.wasm.getThreadsCount() };
}

// data(): whoever asks for a result waits for it; this back end computes at once and only hands it over.
async function run() {
  const from = performance.now();
  const output = network(picture);
  await output.data();
  const ms = performance.now() - from;
  last?.dispose();
  last = output;
  return { ms };
}

const planes = () => tf.tidy(() => tf.transpose(last, [0, 3, 1, 2]).dataSync());
const answers = { start, run, output: () => ({ output: new Float32Array(planes()) }) };
onmessage = async ({ data }) => {
  try {
    postMessage(await answers[data.type](data));
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};
