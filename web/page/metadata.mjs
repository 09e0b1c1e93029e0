// What a .onnx file says of itself: ModelProto.metadata_props, field 14, each a key (1) and a value (2). Nothing else
// of the file is read.
import { eachField, textOf } from './protobuf.mjs';

export function metadataOf(model) {
  const found = {};
  eachField(model, (number, field) => {
    if (number !== 14) return;
    const pair = ['', ''];
    eachField(field.bytes, (part, { bytes }) => {
      if (part === 1 || part === 2) pair[part - 1] = textOf(bytes);
    });
    found[pair[0]] = pair[1];
  });
  return found;
}
