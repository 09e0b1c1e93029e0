// As much of an .onnx file as style networks need, read without a library: nodes with their attributes, and constants.
// Runs in the browser and in Node.

const VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5;

// [field number, value] of a protobuf message: a number, a DataView of 4 or 8 bytes, or the bytes.
function* fieldsOf(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const take = (length) => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const key = varint(), kind = key & 7;
    if (kind === VARINT) yield [key >> 3, varint()];
    else if (kind === BYTES) yield [key >> 3, take(varint())];
    else if (kind === FIXED32 || kind === FIXED64) yield [key >> 3, take(kind === FIXED32 ? 4 : 8)];
    else throw new Error(`a field of kind ${kind} in an .onnx file`);
  }
}

const text = (bytes) => new TextDecoder().decode(bytes);
const float = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);

// Repeated numbers, packed or one by one.
function integers(value) {
  if (typeof value === 'number') return [value];
  const list = [];
  const padded = new Uint8Array(value.length * 2); // each as the field 0 of a message of its own
  let at = 0;
  for (let start = 0; start < value.length; ) {
    let end = start;
    while (value[end] & 128) ++end;
    padded[at++] = 0;
    padded.set(value.subarray(start, end + 1), at);
    at += end + 1 - start;
    start = end + 1;
  }
  for (const [, number] of fieldsOf(padded.subarray(0, at))) list.push(number);
  return list;
}

function halfToFloat(half) {
  const sign = half & 0x8000 ? -1 : 1, exponent = (half >> 10) & 31, fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// By ONNX's numbers of types: float, int32, int64, float16.
const readers = {
  1: (v, n) => Float32Array.from({ length: n }, (_, i) => v.getFloat32(4 * i, true)),
  6: (v, n) => Array.from({ length: n }, (_, i) => v.getInt32(4 * i, true)),
  7: (v, n) => Array.from({ length: n }, (_, i) => Number(v.getBigInt64(8 * i, true))),
  10: (v, n) => Float32Array.from({ length: n }, (_, i) => halfToFloat(v.getUint16(2 * i, true))),
};

/** {name, shape, values, raw} of a TensorProto; raw: its numbers as they lie in the file, where they do. */
function tensorOf(bytes) {
  const shape = [];
  let type = 1, name = '', raw = null, values = [];
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) shape.push(...integers(value));
    if (field === 2) type = value;
    if (field === 4) for (let i = 0; i < value.length; i += 4) values.push(float(value.subarray(i, i + 4)));
    if (field === 5 || field === 7) values.push(...integers(value));
    if (field === 8) name = text(value);
    if (field === 9) raw = value;
  }
  if (raw) {
    if (!readers[type]) throw new Error(`the constant ${name} has ONNX's type ${type}, which is not read here`);
    const count = shape.reduce((a, b) => a * b, 1);
    values = readers[type](new DataView(raw.buffer, raw.byteOffset, raw.byteLength), count);
  }
  return { name, shape, values, raw };
}

function attributeOf(bytes) {
  let name = '', value;
  const list = [];
  for (const [field, got] of fieldsOf(bytes)) {
    if (field === 1) name = text(got);
    if (field === 2) value = float(got);
    if (field === 3) value = got;
    if (field === 4) value = text(got);
    if (field === 5) value = tensorOf(got);
    if (field === 7) for (let i = 0; i < got.length; i += 4) list.push(float(got.subarray(i, i + 4)));
    if (field === 8) list.push(...integers(got));
  }
  return [name, value ?? list];
}

function nodeOf(bytes) {
  const node = { inputs: [], outputs: [], operator: '', attributes: {} };
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 1) node.inputs.push(text(value));
    if (field === 2) node.outputs.push(text(value));
    if (field === 4) node.operator = text(value);
    if (field === 5) {
      const [name, attribute] = attributeOf(value);
      node.attributes[name] = attribute;
    }
  }
  return node;
}

const nameOf = (bytes) => text([...fieldsOf(bytes)].find(([field]) => field === 1)[1]);

/** {nodes, constants: name -> {shape, values}, inputs, outputs, metadata} of an .onnx file. */
export function readGraph(bytes) {
  const graph = { nodes: [], constants: new Map(), inputs: [], outputs: [], metadata: {} };
  for (const [field, value] of fieldsOf(bytes)) {
    if (field === 14) {
      const pair = Object.fromEntries([...fieldsOf(value)].map(([f, v]) => [f, text(v)]));
      graph.metadata[pair[1]] = pair[2];
    }
    if (field !== 7) continue;
    for (const [part, content] of fieldsOf(value)) {
      if (part === 1) graph.nodes.push(nodeOf(content));
      if (part === 5) {
        const tensor = tensorOf(content);
        graph.constants.set(tensor.name, tensor);
      }
      if (part === 11) graph.inputs.push(nameOf(content));
      if (part === 12) graph.outputs.push(nameOf(content));
    }
  }
  graph.inputs = graph.inputs.filter((name) => !graph.constants.has(name));
  return graph;
}
