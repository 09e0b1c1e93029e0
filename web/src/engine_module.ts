// The module of src/wasm/module.cc, instantiated in a worker: its exports, its memory, its texts.
import { sentenceOf } from './errors.js';
import type { ParameterText } from './protocol.js';

export interface Exports {
  memory?: WebAssembly.Memory;
  __stack_pointer?: WebAssembly.Global;
  __tls_size?: WebAssembly.Global;
  __wasm_init_tls?(tls: number): void;
  _initialize?(): void;
  tempera_web_allocate(bytes: number): number;
  tempera_web_free(at: number): void;
  tempera_web_worker(thread: number): void;
  tempera_web_workers(): number;
  tempera_web_error(): number;
  tempera_web_give(key: number, bytes: number, size: number): void;
  tempera_web_open(bytes: number, size: number, precision: number, statistics: number, w: number, h: number): number;
  tempera_web_status(): number;
  tempera_web_close(stylizer: number): void;
  tempera_web_prepare(stylizer: number, width: number, height: number, format: number): number;
  tempera_web_paint(stylizer: number, from: number, to: number, timeUs: number, cut: number): number;
  tempera_web_reset(stylizer: number): number;
  tempera_web_parameters(stylizer: number): number;
  tempera_web_set(stylizer: number, index: number, values: number, count: number): number;
  tempera_web_metadata(stylizer: number, key: number): number;
  tempera_web_notice(stylizer: number, index: number): number;
  tempera_web_memory(stylizer: number): number;
  tempera_web_version(): number;
  tempera_web_kernel(): number;
}

/** Of the whole engine only. */
export interface RegionExports {
  tempera_web_mask_open(bytes: number, size: number, precision: number, w: number, h: number, out: number): number;
  tempera_web_mask_close(masker: number): void;
  tempera_web_mask_classes(masker: number): number;
  tempera_web_mask_set(masker: number, threshold: number, hold: number, plainEdges: number, interval: number): number;
  tempera_web_regions_open(masker: number, out: number): number;
  tempera_web_regions_close(regions: number): void;
  tempera_web_regions_set(regions: number, list: number, count: number): number;
  tempera_web_regions_prepare(regions: number, width: number, height: number, format: number): number;
  tempera_web_regions_paint(regions: number, from: number, to: number, timeUs: number, cut: number): number;
  tempera_web_regions_reset(regions: number): number;
  tempera_web_set_style(stylizer: number, name: number): number;
}

/** tempera_status. */
export const Status = { ok: 0, notFound: 2, corruptModel: 3, unsupported: 4, outOfMemory: 5 } as const;

export class OutOfMemory extends Error {}

/**
 * The engine was left in the middle of a call: what its memory holds is not known, and locks may be held. Nothing of it
 * may be called any more.
 */
export class Trap extends Error {
  /** isMemory: memory ended where no call answers for it, which is thrown as an exception of C++. */
  constructor(text: string, readonly isMemory: boolean) {
    super(text);
  }
}

function trapOf(thrown: unknown): Trap {
  if (thrown instanceof Trap) return thrown;
  const Exception: unknown = (WebAssembly as { Exception?: unknown }).Exception;
  const isMemory = typeof Exception === 'function' && thrown instanceof (Exception as new () => object);
  return new Trap(isMemory ? 'its memory ended' : sentenceOf(thrown), isMemory);
}

export interface Callbacks {
  log(level: number, line: string): void;
  progress(doing: string, done: number): void;
  found(key: string, bytes: Uint8Array): void;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
export const pageBytes = 65536;
export const pagesOf = (megabytes: number): number => Math.ceil((megabytes * 1048576) / pageBytes);

export class EngineModule {
  /** Why nothing of it may be called any more; null while it may. */
  trap: Trap | null = null;
  /** Throw a Trap for whatever ends a call early, and ever after. */
  readonly exports: Exports;

  private constructor(exports: Exports, readonly memory: WebAssembly.Memory) {
    this.exports = this.guarded(exports);
  }

  private guarded(exports: Exports): Exports {
    const guard = (call: (...args: never[]) => unknown) => (...args: never[]) => {
      if (this.trap) throw this.trap;
      try {
        return call(...args);
      } catch (thrown) {
        throw (this.trap = trapOf(thrown));
      }
    };
    const entries = Object.entries(exports) as [string, unknown][];
    const all = entries.map(([name, e]) => [name, typeof e === 'function' ? guard(e as never) : e] as const);
    return Object.fromEntries(all) as unknown as Exports;
  }

  /** memory: null for the build of one thread, which brings its own. */
  static async instantiate(
    module: WebAssembly.Module, memory: WebAssembly.Memory | null, callbacks: Callbacks,
  ): Promise<EngineModule> {
    const box: { engine: EngineModule | null } = { engine: null };
    const imports = importsOf(memory, () => box.engine, callbacks);
    const instance = await WebAssembly.instantiate(module, imports);
    const exports = instance.exports as unknown as Exports;
    const own = memory ?? exports.memory;
    if (!own) throw new Error('the module has no memory');
    box.engine = new EngineModule(exports, own);
    return box.engine;
  }

  /** Bytes of the memory; anew each time, because a memory that grows leaves old views empty. */
  bytes(at = 0, length?: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  text(at: number): string {
    if (at === 0) return '';
    const bytes = this.bytes();
    const end = bytes.indexOf(0, at);
    return decoder.decode(bytes.slice(at, end)); // a copy: decoders refuse shared memory
  }

  allocate(size: number): number {
    const at = this.exports.tempera_web_allocate(Math.max(1, size));
    if (at === 0) throw new OutOfMemory(`${size} bytes are not free`);
    return at >>> 0;
  }

  free(at: number): void {
    if (at !== 0) this.exports.tempera_web_free(at);
  }

  /** Calls with the bytes laid into the memory. */
  with<T>(bytes: Uint8Array, call: (at: number) => T): T {
    const at = this.allocate(bytes.length);
    this.bytes(at, bytes.length).set(bytes);
    try {
      return call(at);
    } finally {
      this.free(at);
    }
  }

  withText<T>(text: string, call: (at: number) => T): T {
    return this.with(encoder.encode(`${text}\0`), call);
  }

  error(): string {
    return this.text(this.exports.tempera_web_error());
  }

  parameters(stylizer: number): ParameterText[] {
    return JSON.parse(this.text(this.exports.tempera_web_parameters(stylizer))) as ParameterText[];
  }
}

/** What the module asks of its surroundings: a clock, and ears. Files there are none. */
function importsOf(
  memory: WebAssembly.Memory | null, engine: () => EngineModule | null, callbacks: Callbacks,
): WebAssembly.Imports {
  const view = () => new DataView((engine()?.memory ?? memory)!.buffer);
  const nothing = 8; // EBADF
  const wasi: Record<string, (...args: never[]) => number> = {
    clock_time_get: (_id: number, _precision: bigint, out: number) => {
      view().setBigUint64(out, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_get: () => 0,
    environ_sizes_get: (count: number, size: number) => {
      view().setUint32(count, 0, true);
      view().setUint32(size, 0, true);
      return 0;
    },
    proc_exit: (code: number) => {
      throw new WebAssembly.RuntimeError(`the engine gave up (${code})`);
    },
  };
  const anyOther = new Proxy(wasi, { get: (calls, name) => calls[String(name)] ?? (() => nothing) });
  const tempera = {
    log: (level: number, line: number) => callbacks.log(level, engine()?.text(line) ?? ''),
    progress: (doing: number, done: number) => callbacks.progress(engine()?.text(doing) ?? '', done),
    found: (key: number, bytes: number, size: number) => {
      const e = engine();
      if (e) callbacks.found(e.text(key), e.bytes(bytes, size).slice());
    },
  };
  const imports: Record<string, unknown> = { wasi_snapshot_preview1: anyOther, tempera };
  if (memory) imports['env'] = { memory };
  return imports as WebAssembly.Imports;
}
