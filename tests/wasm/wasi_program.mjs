// A test program of a browser's build, in Node or in a browser's worker: as much of WASI as GoogleTest asks for, which is
// arguments, the clock, standard output and an exit code.

class Exit extends Error {
  constructor(code) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Runs `module` with these arguments, the program's name first; `write` gets what it prints. Returns its exit code. */
export function runProgram(module, words, write) {
  const args = words.map((word) => new TextEncoder().encode(`${word}\0`));
  const wanted = WebAssembly.Module.imports(module);
  const shared = wanted.some((entry) => entry.module === 'env' && entry.name === 'memory');
  const pages = 512 * 16; // half a gigabyte: tests of kernels are no page in a browser
  let memory = shared ? new WebAssembly.Memory({initial: pages, maximum: 16384, shared: true}) : null;
  const view = () => new DataView(memory.buffer);
  const wasi = {
    args_sizes_get(count, bytes) {
      view().setUint32(count, args.length, true);
      view().setUint32(bytes, args.reduce((sum, word) => sum + word.length, 0), true);
      return 0;
    },
    args_get(pointers, bytes) {
      args.forEach((word, i) => {
        view().setUint32(pointers + 4 * i, bytes, true);
        new Uint8Array(memory.buffer).set(word, bytes);
        bytes += word.length;
      });
      return 0;
    },
    environ_sizes_get(count, bytes) {
      view().setUint32(count, 0, true);
      view().setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: () => 0,
    clock_time_get(id, precision, out) {
      const now = id === 0 ? Date.now() : performance.now();
      view().setBigUint64(out, BigInt(Math.round(now * 1e6)), true);
      return 0;
    },
    fd_write(fd, vectors, count, written) {
      let total = 0;
      for (let i = 0; i < count; ++i) {
        const from = view().getUint32(vectors + 8 * i, true), size = view().getUint32(vectors + 8 * i + 4, true);
        if (size > 0) write(new Uint8Array(memory.buffer).slice(from, from + size), fd);
        total += size;
      }
      view().setUint32(written, total, true);
      return 0;
    },
    fd_close: () => 0,
    fd_seek: () => 70, // of a pipe
    fd_fdstat_get(fd, out) {
      new Uint8Array(memory.buffer).fill(0, out, out + 24);
      view().setUint8(out, 2); // a character device
      return 0;
    },
    fd_prestat_get: () => 8, // no folders
    random_get(out, size) {
      new Uint8Array(memory.buffer).fill(42, out, out + size);
      return 0;
    },
    proc_exit(code) {
      throw new Exit(code);
    },
  };
  for (const entry of wanted) {
    if (entry.module === 'wasi_snapshot_preview1') wasi[entry.name] ??= () => 52; // not here
  }
  const instance = new WebAssembly.Instance(module, {env: {memory}, wasi_snapshot_preview1: wasi});
  memory ??= instance.exports.memory;
  try {
    instance.exports._start();
    return 0;
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    return error.code;
  }
}
