// Weights of a .onnx file in 16 bits: half of the download. Each large float32 initializer becomes a float16 one and a
// Cast back to float32, which every runtime folds away when it loads the file; what is computed stays in float32.
import { bytesField, eachField, textOf, varintField } from './protobuf.mjs';

// Numbers of ModelProto, GraphProto, TensorProto, NodeProto and AttributeProto (onnx.proto).
const Model = { graph: 7 };
const Graph = { node: 1, initializer: 5 };
const Tensor = { dims: 1, dataType: 2, name: 8, rawData: 9 };
const float32 = 1;
const float16 = 10;
// Smaller ones (norms, biases) are not worth a node.
const fewest = 256;

const scratch = new DataView(new ArrayBuffer(4));

// Rounded to the nearest, ties to even, after `dropped` more bits of the fraction were rounded away: weights need no
// more than 7, and zeros compress. Throws where a value does not fit.
export function halfOf(value, dropped = 0) {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x477fe000) throw new RangeError(`${value} does not fit into 16 bits`);
  const shift = 13 + dropped;
  const round = (from, by) => {
    const half = 2 ** (by - 1);
    const down = Math.floor(from / 2 ** by);
    const rest = from - down * 2 ** by;
    return rest > half || (rest === half && down % 2 === 1) ? down + 1 : down;
  };
  if (magnitude >= 0x38800000) {
    const rounded = round(magnitude - 0x38000000, shift) * 2 ** dropped;
    if (rounded >= 0x7c00) throw new RangeError(`${value} does not fit into 16 bits`);
    return sign | rounded;
  }
  // Below 2^-14: steps of 2^-24.
  return sign | Math.round(Math.abs(value) * 2 ** 24);
}

function halves(tensor, dropped) {
  let elements = 1;
  let type = 0;
  let name = '';
  let raw = null;
  const kept = [];
  eachField(tensor, (number, field) => {
    if (number === Tensor.dims) elements *= field.value;
    if (number === Tensor.dataType) type = field.value;
    if (number === Tensor.name) name = textOf(field.bytes);
    if (number === Tensor.rawData) raw = field.bytes;
    if (![Tensor.dataType, Tensor.name, Tensor.rawData].includes(number)) kept.push(field.whole);
  });
  if (type !== float32 || raw === null || elements < fewest || raw.length !== 4 * elements) return null;
  const from = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const to = new DataView(new ArrayBuffer(2 * elements));
  for (let i = 0; i < elements; ++i) to.setUint16(2 * i, halfOf(from.getFloat32(4 * i, true), dropped), true);
  const short = `${name}.half`;
  return {
    initializer: Buffer.concat([
      ...kept, varintField(Tensor.dataType, float16), bytesField(Tensor.name, short),
      bytesField(Tensor.rawData, new Uint8Array(to.buffer)),
    ]),
    // NodeProto: input, output, name, op_type, attribute { name, i, type: INT }.
    cast: Buffer.concat([
      bytesField(1, short), bytesField(2, name), bytesField(3, `${name}.cast`), bytesField(4, 'Cast'),
      bytesField(5, Buffer.concat([bytesField(1, 'to'), varintField(3, float32), varintField(20, 2)])),
    ]),
  };
}

// Convolutions' weights that are 16 bits already, with as many bits of the fraction rounded away; null for others.
function coarser(tensor, dropped) {
  let dims = 0;
  let type = 0;
  let raw = null;
  const kept = [];
  eachField(tensor, (number, field) => {
    if (number === Tensor.dims) dims += 1;
    if (number === Tensor.dataType) type = field.value;
    if (number === Tensor.rawData) raw = field.bytes;
    if (number !== Tensor.rawData) kept.push(field.whole);
  });
  if (type !== float16 || raw === null || dims !== 4 || dropped === 0) return null;
  const to = Buffer.from(raw);
  for (let at = 0; at + 1 < to.length; at += 2) {
    const bits = to.readUInt16LE(at);
    const whole = bits & 0x7fff;
    if (whole < 0x400) continue; // below 2^-14, as above
    const magnitude = Math.min(Math.round(whole / 2 ** dropped) * 2 ** dropped, 0x7bff);
    to.writeUInt16LE((bits & 0x8000) | magnitude, at);
  }
  return Buffer.concat([...kept, bytesField(Tensor.rawData, to)]);
}

function graphOf(graph, dropped) {
  const casts = [];
  const rest = [];
  eachField(graph, (number, field) => {
    const half = number === Graph.initializer ? halves(field.bytes, dropped) : null;
    if (half) {
      casts.push(bytesField(Graph.node, half.cast));
      rest.push(bytesField(Graph.initializer, half.initializer));
    } else {
      const coarse = number === Graph.initializer ? coarser(field.bytes, dropped) : null;
      rest.push(coarse ? bytesField(Graph.initializer, coarse) : field.whole);
    }
  });
  return Buffer.concat([...casts, ...rest]); // before their readers: nodes are in order
}

export function withHalfWeights(model, dropped = 0) {
  const parts = [];
  eachField(model, (number, field) => {
    parts.push(number === Model.graph ? bytesField(Model.graph, graphOf(field.bytes, dropped)) : field.whole);
  });
  return Buffer.concat(parts);
}
