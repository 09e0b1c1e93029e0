// What `npm pack` would publish, and what its lock file says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hasBuild, unlessInCi } from './browser.mjs';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const read = (file) => readFileSync(web + file, 'utf8');
const skip = unlessInCi(!existsSync(`${web}dist/index.js`) && 'web/dist is not built: npm run build in web/');

test('the package holds what its exports name, and no sources, tests or tools', { skip }, () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: web });
  const answer = JSON.parse(packed);
  const files = (Array.isArray(answer) ? answer[0] : Object.values(answer)[0]).files.map((f) => f.path).sort();
  const modules = ['element', 'index', 'livekit', 'painter-worker', 'pump-worker', 'vonage'].map((n) => `dist/${n}.js`);
  const types = ['element', 'errors', 'index', 'livekit', 'probe', 'tempera', 'types', 'vonage'].map((n) => `dist/${n}.d.ts`);
  const builds = ['relaxed', 'simd', 'single'].flatMap((n) => [n, `${n}-whole`]).filter(hasBuild).map((n) => `dist/tempera-${n}.wasm`);
  const masks = ['onnx', 'findings.json'].map((end) => `dist/mask-person.${end}`).filter((name) => existsSync(web + name));
  const rest = ['LICENSE', 'README.md', 'find.mjs', 'package.json', 'relaxed_dot.mjs'];
  assert.deepEqual(files, [...rest, ...modules, ...types, ...builds, ...masks].sort());
  const { exports } = JSON.parse(read('package.json'));
  const named = Object.values(exports).flatMap((e) => (typeof e === 'string' ? [e] : Object.values(e)));
  for (const file of named.filter((f) => !f.includes('*'))) assert.ok(files.includes(file.slice(2)), file);
});

test('nothing is needed at run time, and the lock file names no place', () => {
  const { dependencies, peerDependencies } = JSON.parse(read('package.json'));
  assert.equal(dependencies, undefined);
  assert.equal(peerDependencies, undefined);
  assert.doesNotMatch(read('package-lock.json'), /"resolved"|https?:\/\/(?!opencollective|github\.com)/);
});

test('types stand by themselves', { skip }, () => {
  for (const name of ['index', 'tempera', 'types', 'element', 'livekit', 'vonage']) {
    for (const [, from] of read(`dist/${name}.d.ts`).matchAll(/from '(.*?)'/g)) {
      assert.ok(existsSync(`${web}dist/${from.replace(/\.js$/, '.d.ts')}`), `${name}.d.ts names ${from}`);
    }
  }
});
