// Binaryen's passes over a module that the linker has made: a twelfth less to download.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const wasmOpt = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/binaryen/bin/wasm-opt');
// What the builds use, not more: with all features wasm-opt writes types that browsers do not know yet.
const features = ['simd', 'threads', 'bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals',
  'exception-handling', 'relaxed-simd'].map((name) => `--enable-${name}`);

/** Where the smaller module lies; made anew when `from` is newer. */
export function shrunk(from) {
  const to = from.replace(/\.wasm$/, '.small.wasm');
  if (existsSync(to) && statSync(to).mtimeMs > statSync(from).mtimeMs) return to;
  execFileSync(process.execPath, [wasmOpt, '-Oz', ...features, from, '-o', to], { stdio: 'inherit' });
  return to;
}
