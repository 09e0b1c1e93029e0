// What a processor makes of the relaxed dot product of bytes, written into a module: where the module says
// i32x4.relaxed_dot_i8x16_i7x16_add_s, a function of the usual SIMD is called that does what such processors do. So
// one machine runs the module as every other would.

// LEB128.
const number = (n) => {
  const bytes = [];
  for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128);
  return [...bytes, n];
};
function numberAt(bytes, at) {
  let n = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    n |= (byte & 127) << shift;
    if (byte < 128) return { n: n >>> 0, at };
  }
}

const local = (i) => [0x20, i];
const setLocal = (i) => [0x21, i];
const simd = (code) => [0xfd, ...number(code)];
const lanes = (...which) => [...simd(0x0d), ...which.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte))];
const extendSigned = [0x87, 0x88];
const extendUnsigned = [0x89, 0x8a];
const dot16 = simd(0xba);
const add32 = simd(0xae);

// Operands: weights (signed), inputs (0 to 255 in our kernels, though the standard promises 127 only), sums.
function bodyOf(reading) {
  const inputs = reading === 'signed' ? extendSigned : extendUnsigned;
  // Sums of two products, of the lower and of the upper half.
  const pairs = [0, 1].flatMap((half) => [
    ...local(0), ...simd(extendSigned[half]), ...local(1), ...simd(inputs[half]), ...dot16, ...setLocal(3 + half),
  ]);
  const both = [...local(3), ...local(4)];
  const narrow = simd(0x85);
  const addPairs16 = simd(0x7e);
  const fours = reading === 'saturated'
    ? [...both, ...narrow, ...addPairs16]
    : [...both, ...lanes(0, 2, 4, 6), ...both, ...lanes(1, 3, 5, 7), ...add32];
  const code = [1, 2, 0x7b, ...pairs, ...fours, ...local(2), ...add32, 0x0b];
  return [...number(code.length), ...code];
}

/** The readings that there are, with the kernel that each of them leaves to the engine. */
export const readings = {
  exact: 'wasm_relaxed', // AVX-VNNI
  saturated: 'wasm_relaxed_64', // other x86-64: sums of two products are held within 16 bits
  signed: 'wasm_s16', // ARM: inputs beyond 127 are negative
};

/** The module's bytes with the instruction read like that. */
export function withReading(bytes, reading) {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(withoutCode(bytes)));
  const sections = sectionsOf(bytes);
  const count = (id) => numberAt(sections.find((s) => s.id === id).body, 0).n;
  const type = count(1);
  const index = imports.filter(({ kind }) => kind === 'function').length + count(3);
  if (index >= 1 << 14) throw new Error('the module has more functions than two bytes can number');
  const more = { 1: [0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b], 3: number(type), 10: bodyOf(reading) };
  const out = [...bytes.subarray(0, 8)];
  const parts = [Uint8Array.from(out)];
  for (const { id, body } of sections) {
    const extra = more[id];
    const grown = extra ? appended(id === 10 ? called(body, index) : body, extra) : body;
    parts.push(Uint8Array.from([id, ...number(grown.length)]), grown);
  }
  return Buffer.concat(parts);
}

/** As much of a module as names its imports, so that an instruction that this engine lacks is no obstacle. */
function withoutCode(bytes) {
  const kept = sectionsOf(bytes).filter(({ id }) => id === 1 || id === 2);
  return Buffer.concat([bytes.subarray(0, 8), ...kept.flatMap(({ id, body }) =>
    [Uint8Array.from([id, ...number(body.length)]), body])]);
}

function sectionsOf(bytes) {
  const sections = [];
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at];
    const size = numberAt(bytes, at + 1);
    sections.push({ id, body: bytes.subarray(size.at, size.at + size.n) });
    at = size.at + size.n;
  }
  return sections;
}

/** A section that is a list, and one more at its end. */
function appended(body, extra) {
  const { n, at } = numberAt(body, 0);
  return Buffer.concat([Uint8Array.from(number(n + 1)), body.subarray(at), Uint8Array.from(extra)]);
}

/** Three bytes for three: the call of a function with a number of two bytes. */
function called(body, index) {
  const code = Buffer.from(body);
  const instruction = Buffer.from(simd(0x113));
  let calls = 0;
  for (let at = code.indexOf(instruction); at >= 0; at = code.indexOf(instruction, at + 3)) {
    code.set([0x10, (index & 127) | 128, index >> 7], at);
    ++calls;
  }
  if (calls === 0) throw new Error('the module has no relaxed dot product');
  return code;
}
