// A mask network of two nodes, so that tests need no data: what is bright is a person. Sigmoid of a Conv of one pixel,
// at the size of its input.
import { bytesField, varintField } from '../../web/page/protobuf.mjs';

const text = (number, words) => bytesField(number, Buffer.from(words));
const floats = (values) => Buffer.from(new Float32Array(values).buffer);

// TensorProto: dims, data_type, name, raw_data.
const tensor = (name, dims, values) => Buffer.concat([...dims.map((d) => varintField(1, d)), varintField(2, 1),
  text(8, name), bytesField(9, floats(values))]);

// ValueInfoProto: name, type { tensor_type { elem_type, shape { dim { dim_value | dim_param } } } }.
function value(name, dims) {
  const shape = Buffer.concat(dims.map((d) => bytesField(1, typeof d === 'number' ? varintField(1, d) : text(2, d))));
  const type = bytesField(1, Buffer.concat([varintField(1, 1), bytesField(2, shape)]));
  return Buffer.concat([text(1, name), bytesField(2, type)]);
}

const node = (type, inputs, outputs) => Buffer.concat([...inputs.map((i) => text(1, i)), ...outputs.map((o) => text(2, o)),
  text(4, type)]);

/**
 * bright: of 0..1, above which a pixel is a person. classes: the channels' names; of more than one, those behind the
 * first are what is dark. long: tempera.mask.long_side, 0: without.
 */
export function maskNet({ bright = 0.5, classes = ['person'], long = 0 } = {}) {
  const steep = 24;
  const weights = classes.flatMap((_, i) => Array(3).fill(((i === 0 ? 1 : -1) * steep) / 3));
  const biases = classes.map((_, i) => (i === 0 ? -1 : 1) * steep * bright);
  const graph = Buffer.concat([
    bytesField(1, node('Conv', ['picture', 'weights', 'biases'], ['numbers'])),
    bytesField(1, node('Sigmoid', ['numbers'], ['mask'])),
    text(2, 'bright'),
    bytesField(5, tensor('weights', [classes.length, 3, 1, 1], weights)),
    bytesField(5, tensor('biases', [classes.length], biases)),
    bytesField(11, value('picture', [1, 3, 'height', 'width'])),
    bytesField(12, value('mask', [1, classes.length, 'height', 'width'])),
  ]);
  const said = { 'tempera.value_range': '0..1', 'tempera.size_multiple': '8', 'tempera.mask.classes': classes.join(','),
    ...(classes.length > 1 && { 'tempera.mask.class': '0' }), ...(long && { 'tempera.mask.long_side': String(long) }) };
  const metadata = Object.entries(said).map(([key, words]) => bytesField(14, Buffer.concat([text(1, key), text(2, words)])));
  // ModelProto: ir_version, opset_import { version }, graph, metadata.
  return Buffer.concat([varintField(1, 8), bytesField(8, varintField(2, 17)), bytesField(7, graph), ...metadata]);
}
