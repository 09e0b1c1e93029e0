// What this browser can run. Answers, whatever the browser's age; throws nothing.
import type { Build } from './types.js';

export interface Probe {
  /** null: nothing of ours runs here, and `reason` says what is missing. */
  readonly build: Build | null;
  readonly threads: number;
  /** One sentence when it is not the best build with several threads; '' otherwise. */
  readonly reason: string;
}

// A module of one function that leaves a v128 on the stack and drops it: i32.const 0, i8x16.splat, drop.
const simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11];
// The same with i32x4.relaxed_dot_i8x16_i7x16_add_s (0xfd 0x113) of three such vectors.
const relaxed = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0,
  253, 15, 253, 147, 2, 26, 11,
];

function validates(bytes: number[]): boolean {
  try {
    return WebAssembly.validate(new Uint8Array(bytes));
  } catch {
    return false;
  }
}

function sharedMemoryWorks(): boolean {
  try {
    if (typeof SharedArrayBuffer === 'undefined' || globalThis.crossOriginIsolated !== true) return false;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    return memory.buffer instanceof SharedArrayBuffer && typeof Atomics === 'object';
  } catch {
    return false;
  }
}

function whyAlone(): string {
  if (globalThis.crossOriginIsolated === true) return 'One thread paints, because this browser shares no memory between threads.';
  return 'One thread paints, because this page is not isolated: serve it with Cross-Origin-Opener-Policy: same-origin ' +
    'and Cross-Origin-Embedder-Policy: require-corp to use all cores.';
}

/** Half of the processor's threads: the other half are mostly the same cores once more, and somebody has to decode. */
function usefulThreads(): number {
  const all = (typeof navigator === 'object' && navigator.hardwareConcurrency) || 1;
  return all <= 2 ? all : Math.min(8, Math.max(2, Math.ceil(all / 2)));
}

const updateIt = 'please use Chrome 95, Firefox 114 or Safari 16.4, or a later one.';

/** threads, build: what the page asks for; otherwise the best. */
export function probe(threads?: number, build?: Build): Probe {
  const nothing = (reason: string): Probe => ({ build: null, threads: 0, reason });
  if (typeof WebAssembly !== 'object') return nothing(`This browser has no WebAssembly: ${updateIt}`);
  if (typeof Worker !== 'function') return nothing(`This browser has no workers: ${updateIt}`);
  if (!validates(simd)) return nothing(`This browser has no SIMD for WebAssembly: ${updateIt}`);
  const wanted = Math.max(1, Math.min(64, Math.floor(threads ?? usefulThreads())));
  const canRelax = validates(relaxed);
  if (build === 'single') return { build, threads: 1, reason: 'One thread paints, as the page asked for.' };
  if (!sharedMemoryWorks()) return { build: 'single', threads: 1, reason: whyAlone() };
  const best = canRelax && build !== 'simd' ? 'relaxed' : 'simd';
  const isLess = build === 'relaxed' && best !== build;
  const slower = isLess ? 'The slower SIMD128 build paints, because this browser has no relaxed SIMD.' : '';
  const reason = slower || (wanted === 1 && threads !== 1 ? 'This processor has one thread.' : '');
  return { build: best, threads: wanted, reason };
}
