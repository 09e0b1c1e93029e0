// The shipped module (build/wasm-*/tempera.wasm) in Node, for tests that want nothing of the package around it.
import {readFileSync} from 'node:fs';

const pageBytes = 65536;
export const precisions = {auto: 0, fp32: 1, int8: 3};
export const formats = {rgba: 0, i420: 4};
export const codes = {ok: 0, outOfMemory: 5};

export function compile(path) {
  return new WebAssembly.Module(readFileSync(path));
}

export function isShared(module) {
  return WebAssembly.Module.imports(module).some((entry) => entry.module === 'env' && entry.name === 'memory');
}

/** A memory of that many MiB for a module with threads; modules without bring theirs. */
export function memoryFor(module, mib) {
  const pages = Math.round((mib * 1048576) / pageBytes);
  return isShared(module) ? new WebAssembly.Memory({initial: pages, maximum: pages, shared: true}) : null;
}

export class Engine {
  /** hears: {log(text), progress(), found()}, each left out at will. */
  constructor(module, memory, hears = {}) {
    const view = () => new DataView(this.memory.buffer);
    const wasi = new Proxy({
      clock_time_get(_id, _precision, out) {
        view().setBigUint64(out, BigInt(Math.round(performance.now() * 1e6)), true);
        return 0;
      },
      environ_get: () => 0,
      environ_sizes_get(count, size) {
        view().setUint32(count, 0, true);
        view().setUint32(size, 0, true);
        return 0;
      },
      proc_exit(code) {
        throw new WebAssembly.RuntimeError(`the engine gave up (${code})`);
      },
    }, {get: (calls, name) => calls[name] ?? (() => 8)});
    const tempera = {
      log: (_level, text) => hears.log?.(this.text(text)),
      progress: () => hears.progress?.(),
      found: () => hears.found?.(),
    };
    this.memory = memory;
    const imports = {wasi_snapshot_preview1: wasi, tempera, ...(memory ? {env: {memory}} : {})};
    this.exports = new WebAssembly.Instance(module, imports).exports;
    this.memory ??= this.exports.memory;
  }

  bytes(at = 0, length = undefined) {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  text(at) {
    const bytes = this.bytes();
    return at === 0 ? '' : Buffer.from(bytes.slice(at, bytes.indexOf(0, at))).toString();
  }

  error() {
    return this.text(this.exports.tempera_web_error());
  }

  /** 0 where there is no room. */
  allocate(size) {
    return this.exports.tempera_web_allocate(size) >>> 0;
  }

  free(at) {
    this.exports.tempera_web_free(at);
  }

  /** Bytes of the model, copied in for the call. 0: refused, error() says why. */
  open(model, precision) {
    const at = this.allocate(Math.max(1, model.length));
    if (at === 0) throw new Error('no room for the model');
    this.bytes(at, model.length).set(model);
    try {
      return this.exports.tempera_web_open(at, model.length, precision, 0, 0, 0);
    } finally {
      this.free(at);
    }
  }

  /** A Picture of module.cc's: [format, width, height, matrix, range, transfer, primaries, planes x 3, strides x 3]. */
  picture(format, width, height, planes, strides) {
    const at = this.allocate(52);
    const three = (list) => [...list, 0, 0, 0].slice(0, 3);
    new Int32Array(this.memory.buffer, at, 13)
      .set([format, width, height, 0, 0, 0, 0, ...three(planes), ...three(strides)]);
    return at;
  }

  /** The largest block that the allocator still gives, to the nearest 64 KiB: what is left of a memory of fixed size. */
  largestBlock() {
    let least = 0, most = this.memory.buffer.byteLength;
    while (most - least > pageBytes) {
      const middle = Math.floor((least + most) / 2);
      const at = this.allocate(middle);
      if (at !== 0) this.free(at);
      if (at !== 0) least = middle;
      else most = middle;
    }
    return least;
  }
}
