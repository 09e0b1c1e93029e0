// Runs a test program of a browser's build (build/wasm-*/tempera_*_test) in Node.
//   node [--experimental-wasm-relaxed-simd --no-liftoff] tests/wasm/run.mjs PROGRAM [GoogleTest's arguments]
// --no-liftoff: the baseline compiler of V8 11 gets the relaxed dot product wrong.
import {readFileSync, writeSync} from 'node:fs';

import {runProgram} from './wasi_program.mjs';

const [program, ...words] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(program));
process.exitCode = runProgram(module, [program, ...words], (bytes, fd) => writeSync(fd, bytes));
