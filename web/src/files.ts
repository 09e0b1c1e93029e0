// Where the package's other files lie: beside this module, unless the page says otherwise.
import type { Build, Engine } from './types.js';

/** A file in the folder that the page names. */
export function inBase(base: string | URL, file: string): URL {
  const folder = String(base);
  return new URL(file, new URL(folder.endsWith('/') ? folder : `${folder}/`, document.baseURI));
}

// Written out, each where it is used: bundlers look for exactly this. A function, for where there is no address to start
// from the page names a folder.
const beside = (): Record<string, URL> => ({
  'tempera-relaxed.wasm': new URL('./tempera-relaxed.wasm', import.meta.url),
  'tempera-simd.wasm': new URL('./tempera-simd.wasm', import.meta.url),
  'tempera-single.wasm': new URL('./tempera-single.wasm', import.meta.url),
  'tempera-relaxed-whole.wasm': new URL('./tempera-relaxed-whole.wasm', import.meta.url),
  'tempera-simd-whole.wasm': new URL('./tempera-simd-whole.wasm', import.meta.url),
  'tempera-single-whole.wasm': new URL('./tempera-single-whole.wasm', import.meta.url),
});

export function moduleUrl(base: string | URL | undefined, build: Build, engine: Engine): string {
  const file = `tempera-${build}${engine === 'whole' ? '-whole' : ''}.wasm`;
  return (base ? inBase(base, file) : beside()[file]!).href;
}

/** A mask network of the package's own. */
export function maskFile(base: string | URL | undefined, file: 'mask-person.onnx'): string {
  return (base ? inBase(base, file) : new URL('./mask-person.onnx', import.meta.url)).href;
}

export function painterWorker(base: string | URL | undefined): Worker {
  if (base) return new Worker(inBase(base, 'painter-worker.js'), { type: 'module', name: 'tempera-painter' });
  return new Worker(new URL('./painter-worker.js', import.meta.url), { type: 'module', name: 'tempera-painter' });
}

export function pumpWorker(base: string | URL | undefined): Worker {
  if (base) return new Worker(inBase(base, 'pump-worker.js'), { type: 'module', name: 'tempera-pump' });
  return new Worker(new URL('./pump-worker.js', import.meta.url), { type: 'module', name: 'tempera-pump' });
}
