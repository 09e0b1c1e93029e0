// The full network has random weights, whose output is a few steps about 0: nearly black. Its last convolution is given a
// larger spread about grey, so that two engines' paintings can be told apart.
import { readFileSync, writeFileSync } from 'node:fs';
import { readGraph } from './pages/onnx_graph.mjs';

const gain = 40, grey = 127.5;

export function centreOnGrey(file) {
  const bytes = new Uint8Array(readFileSync(file));
  const graph = readGraph(bytes);
  const last = graph.nodes.find((node) => node.outputs[0] === graph.outputs[0]);
  const [weights, bias] = last.inputs.slice(1).map((name) => graph.constants.get(name)?.raw);
  if (last.operator !== 'Conv' || !weights || !bias) throw new Error(`${file} does not end in a convolution with a bias`);
  const change = (raw, f) => {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength); // the file's own bytes
    for (let at = 0; at < raw.byteLength; at += 4) view.setFloat32(at, f(view.getFloat32(at, true)), true);
  };
  change(weights, (x) => gain * x);
  change(bias, () => grey);
  writeFileSync(file, bytes);
}
