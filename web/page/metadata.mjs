// What a .onnx file says of itself: ModelProto.metadata_props, field 14, each a key (1) and a value (2). Nothing else
// of the file is read.

function varint(bytes, at) {
  let value = 0;
  for (let shift = 0; shift < 63; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('the file ends too early');
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
  throw new Error('not an ONNX file');
}

// Calls take(number, start, end) for each field of length, and passes over the others.
function fields(bytes, start, end, take) {
  let at = start;
  while (at < end) {
    let tag;
    [tag, at] = varint(bytes, at);
    const wire = tag % 8;
    if (wire === 0) {
      [, at] = varint(bytes, at);
    } else if (wire === 2) {
      let size;
      [size, at] = varint(bytes, at);
      if (at + size > end) throw new Error('the file ends too early');
      take(Math.floor(tag / 8), at, at + size);
      at += size;
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
    } else {
      throw new Error('not an ONNX file');
    }
  }
}

export function metadataOf(bytes) {
  const found = {};
  const text = new TextDecoder();
  fields(bytes, 0, bytes.length, (number, start, end) => {
    if (number !== 14) return;
    const pair = ['', ''];
    fields(bytes, start, end, (part, from, to) => {
      if (part === 1 || part === 2) pair[part - 1] = text.decode(bytes.subarray(from, to));
    });
    found[pair[0]] = pair[1];
  });
  return found;
}
