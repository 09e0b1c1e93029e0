// Makes dist/: the modules (esbuild), their types (tsc), the engine's .wasm files, and the mask networks.
//   node build.mjs [FOLDER] [--check]
// FOLDER holds wasm-relaxed/, wasm-simd/ and wasm-single/ with a tempera.wasm each, what style networks need, and a
// tempera-whole.wasm with all operators (default ../build).
// --check: a module that is missing is an error, as it has to be before the package is published.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { findingsOf } from './find.mjs';
import { withHalfWeights } from './page/half.mjs';
import { shrunk } from './shrink.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const check = process.argv.includes('--check');
const folder = resolve(process.argv.slice(2).find((a) => !a.startsWith('--')) ?? join(here, '..', 'build'));

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
execFileSync(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), '-p', here], { stdio: 'inherit' });

// Of what is inside, users see no types.
const seen = ['index', 'tempera', 'types', 'errors', 'probe', 'element', 'livekit', 'vonage'].map((n) => `${n}.d.ts`);
for (const file of readdirSync(dist)) if (!seen.includes(file)) rmSync(join(dist, file));

const common = { bundle: true, format: 'esm', target: 'es2020', outdir: dist, legalComments: 'none', minifySyntax: true,
  minifyWhitespace: true };
// The adapters and the element find the package's own module beside them, so that a page that uses both has it once.
const beside = { name: 'beside', setup(b) {
  b.onResolve({ filter: /^\.\/index\.js$/ }, (a) => (a.importer ? { path: './index.js', external: true } : undefined));
} };
const entries = (...names) => names.map((name) => join(here, 'src', `${name}.ts`)).filter(existsSync);
await build({ ...common, entryPoints: entries('index', 'painter-worker', 'pump-worker') });
await build({ ...common, entryPoints: entries('element', 'livekit', 'vonage'), plugins: [beside] });

const names = ['relaxed', 'simd', 'single'].flatMap((build) => [build, `${build}-whole`]);
const madeAs = (name) => {
  const [build, whole] = name.split('-');
  return join(folder, `wasm-${build}`, whole ? 'tempera-whole.wasm' : 'tempera.wasm');
};
const small = await shrunk(names.map(madeAs).filter(existsSync));
let missing = 0;
for (const name of names) {
  const from = small.get(madeAs(name));
  const to = join(dist, `tempera-${name}.wasm`);
  if (from) {
    copyFileSync(from, to);
    console.log(`tempera-${name}.wasm: ${Math.round(statSync(to).size / 1024)} KB`);
  } else {
    ++missing;
    console.log(`tempera-${name}.wasm: left out, there is no ${madeAs(name)}`);
  }
}
// Mask networks, with what calibration finds of them: loaded only by pages that ask for one.
const masks = join(here, '..', 'models/masks');
const isThere = readdirSync(dist).some((name) => name.endsWith('-whole.wasm'));
for (const name of existsSync(masks) && isThere ? readdirSync(masks).filter((file) => file.endsWith('.onnx')) : []) {
  const half = withHalfWeights(readFileSync(join(masks, name)));
  const to = join(dist, `mask-${name}`);
  writeFileSync(to, half);
  writeFileSync(to.replace(/onnx$/, 'findings.json'), findingsOf(half, { folder: dist, isMask: true }));
  console.log(`mask-${name}: ${Math.round(half.length / 1024)} KB`);
}
if (existsSync(join(here, '..', 'LICENSE'))) copyFileSync(join(here, '..', 'LICENSE'), join(here, 'LICENSE'));
if (check && missing > 0) {
  console.error('Not all modules are there: build the presets wasm-relaxed, wasm-simd and wasm-single first.');
  process.exit(1);
}
