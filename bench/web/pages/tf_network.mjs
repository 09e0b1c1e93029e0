// A style network of an .onnx file as TensorFlow.js computes it: the same weights, channels last, convolution, bias and
// activation in one call where nothing stands between them: constants are laid out before the first run.

const channelsLast = ([n, c, h, w]) => [n, h, w, c];

// What each operator becomes: (tf, node, graph, activation) -> a function of its inputs. Only what style networks have.
const makers = {
  Pad(tf, node, graph) {
    if (node.attributes.mode !== 'reflect') throw new Error(`Pad in mode ${node.attributes.mode}`);
    const p = node.attributes.pads ?? graph.constants.get(node.inputs[1]).values;
    const sides = channelsLast([[p[0], p[4]], [p[1], p[5]], [p[2], p[6]], [p[3], p[7]]]);
    return (x) => tf.mirrorPad(x, sides, 'reflect');
  },
  Conv(tf, node, graph) {
    const { strides = [1, 1], pads = [0, 0, 0, 0], group = 1, dilations = [1, 1] } = node.attributes;
    if (group !== 1 || dilations.some((d) => d !== 1)) throw new Error('a Conv with groups or dilations');
    const { shape, values } = graph.constants.get(node.inputs[1]);
    const filter = tf.tidy(() => tf.transpose(tf.tensor4d(values, shape), [2, 3, 1, 0]));
    const bias = tf.tensor1d(graph.constants.get(node.inputs[2])?.values ?? new Float32Array(shape[0]));
    const pad = pads.every((n) => n === 0) ? 'valid' : [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]];
    return (x) => tf.fused.conv2d({ x, filter, bias, strides, pad, activation: 'linear' });
  },
  InstanceNormalization(tf, node, graph) {
    const [scale, shift] = [1, 2].map((i) => tf.tensor1d(graph.constants.get(node.inputs[i]).values));
    const epsilon = tf.scalar(node.attributes.epsilon ?? 1e-5);
    return (x) => {
      const { mean, variance } = tf.moments(x, [1, 2], true);
      const gain = tf.mul(tf.rsqrt(tf.add(variance, epsilon)), scale);
      return tf.add(tf.mul(x, gain), tf.sub(shift, tf.mul(mean, gain)));
    };
  },
  Relu: (tf) => (x) => tf.relu(x),
  Add: (tf) => (a, b) => tf.add(a, b),
  Resize(tf, node, graph) {
    if (node.attributes.mode !== 'nearest') throw new Error(`Resize in mode ${node.attributes.mode}`);
    const scales = graph.constants.get(node.inputs[2]).values;
    return (x) => tf.image.resizeNearestNeighbor(x, [x.shape[1] * scales[2], x.shape[2] * scales[3]]);
  },
};

/** A function from a tensor [1, h, w, 3] to the painting's. Rejects networks of operators that are not above. */
export function tfNetwork(tf, graph) {
  const steps = graph.nodes.map((node) => {
    const make = makers[node.operator];
    if (!make) throw new Error(`the operator ${node.operator} is not written for TensorFlow.js here`);
    const inputs = node.inputs.filter((name) => name !== '' && !graph.constants.has(name));
    return { compute: make(tf, node, graph), inputs, output: node.outputs[0] };
  });
  return (picture) => tf.tidy(() => {
    const values = new Map([[graph.inputs[0], picture]]);
    for (const { compute, inputs, output } of steps) {
      values.set(output, compute(...inputs.map((name) => values.get(name))));
    }
    return values.get(graph.outputs[0]);
  });
}
