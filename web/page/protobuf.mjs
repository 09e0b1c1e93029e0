// Protocol buffers, as far as .onnx files are read and changed while the page is built.

const decoder = new TextDecoder();
export const textOf = (bytes) => decoder.decode(bytes);

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

// Calls take(number, { value | bytes, whole }) for each field, in order; `whole` is the field as it stands, with its tag.
export function eachField(bytes, take) {
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const field = {};
    let tag;
    [tag, at] = varint(bytes, at);
    const wire = tag % 8;
    if (wire === 0) {
      [field.value, at] = varint(bytes, at);
    } else if (wire === 2) {
      let size;
      [size, at] = varint(bytes, at);
      field.bytes = bytes.subarray(at, at + size);
      at += size;
    } else if (wire === 1 || wire === 5) {
      at += wire === 1 ? 8 : 4;
    } else {
      throw new Error('not an ONNX file');
    }
    if (at > bytes.length) throw new Error('the file ends too early');
    field.whole = bytes.subarray(start, at);
    take(Math.floor(tag / 8), field);
  }
}

function packed(value) {
  const out = [];
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) + 128);
  return Buffer.from([...out, value]);
}

export const varintField = (number, value) => Buffer.concat([packed(number * 8), packed(value)]);

export function bytesField(number, content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([packed(number * 8 + 2), packed(bytes.length), bytes]);
}
