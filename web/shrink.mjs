// Binaryen's passes over a module that the linker has made: a twelfth less to download. Twice: the second round finds what the first
// left, 0.7 KB packed.
import { execFile } from 'node:child_process';
import { existsSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const wasmOpt = join(dirname(fileURLToPath(import.meta.url)), 'node_modules/binaryen/bin/wasm-opt');
// What the builds use, not more: with all features wasm-opt writes types that browsers do not know yet.
const features = ['simd', 'threads', 'bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals',
  'exception-handling', 'relaxed-simd'].map((name) => `--enable-${name}`);

const nameOf = (from) => from.replace(/\.wasm$/, '.small.wasm');

async function shrink(from) {
  const to = nameOf(from);
  if (existsSync(to) && statSync(to).mtimeMs > statSync(from).mtimeMs) return;
  console.log(`shrinking ${from}`);
  const half = `${to}.part`; // an interrupted build leaves nothing that looks whole
  await promisify(execFile)(process.execPath, [wasmOpt, '-Oz', '-Oz', ...features, from, '-o', half]);
  renameSync(half, to);
}

/** Smaller copies of these modules, where they are not there yet; two are made at a time. Answers with their places. */
export async function shrunk(modules) {
  const left = [...modules];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) await shrink(next);
  };
  await Promise.all([work(), work()]);
  return new Map(modules.map((from) => [from, nameOf(from)]));
}
