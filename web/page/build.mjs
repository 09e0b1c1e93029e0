// Builds the page: static files only, that any host serves.
//   node page/build.mjs [--out DIR] [--engine DIR] [--sample CLIP]
// --engine: where the package's built files lie (dist). --sample: a clip to show first; the sample picture otherwise.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import { findingsOf } from '../find.mjs';
import { withHalfWeights } from './half.mjs';
import { metadataOf, stylesIn } from './metadata.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: path.join(root, 'build/page') },
    engine: { type: 'string', default: path.join(root, 'web/dist') },
    sample: { type: 'string', default: path.join(root, 'out/sample.mp4') },
  },
});
const out = path.resolve(options.out);
// What a first visit loads beside engine and styles; and the part that paints whole films, loaded with the first one.
const page_limit = 60 * 1024;
const film_limit = 80 * 1024;
// One build of the engine, for styles; and all that a visitor needs who tries every style, but neither sample nor whole films.
const engine_limit = 352 * 1024; // 349.2 when this was written: room for what compilers make of the same source
const whole_limit = 900 * 1024;
// A mask network with its findings: loaded when a visitor paints the person or the background only.
const masks_limit = 300 * 1024;
// Of the ten of a float16's fraction: the painting stays within 55 dB of the file's (starry-night, great-wave), and a
// style weighs 102 KB compressed instead of 250.
const droppedBits = 4;

function ffmpeg(...words) {
  const run = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...words], { encoding: 'utf8' });
  if (run.error || run.status !== 0) console.error(`page: ffmpeg: ${run.stderr?.trim() || run.error?.message}`);
  return run.status === 0;
}

async function bundle() {
  const shared = { bundle: true, minify: true, format: 'esm', target: 'es2022', legalComments: 'none', outdir: out };
  const made = await esbuild.build({
    ...shared,
    entryPoints: [path.join(here, 'src/main.ts'), path.join(here, 'src/scaler-worker.ts')],
    splitting: true,
    chunkNames: '[name]-[hash]',
    // mediabunny's private names are half of its size; ours do not begin with a line.
    mangleProps: /^_/,
    reserveProps: /^_initialize$/,
    metafile: true,
  });
  return made.metafile;
}

// The chunk that main.js loads by import() for films, by what it holds.
function filmChunk(metafile) {
  const found = Object.entries(metafile.outputs).find(([, o]) => o.entryPoint?.endsWith('/film.ts'));
  if (!found) throw new Error('page: the part that paints films was not built');
  return path.basename(found[0]);
}

function thumbnail(style, file, said) {
  const name = `thumbs/${style}.jpg`;
  const beside = ['jpg', 'jpeg', 'png'].map((e) => file.replace(/onnx$/, e)).find((f) => existsSync(f));
  if (said['tempera.thumbnail']) {
    writeFileSync(path.join(out, name), Buffer.from(said['tempera.thumbnail'], 'base64'));
  } else if (!beside) {
    return undefined;
  } else if (!ffmpeg('-i', beside, '-vf', 'scale=224:-2:flags=lanczos', '-q:v', '10', path.join(out, name))) {
    cpSync(beside, path.join(out, name));
  }
  return name;
}

// Of the styles that the gallery holds too, those of which it is enough. The Starry Night, the first that is fetched, has a
// file of its own of a third of the gallery's size.
const inGallery = ['great-wave.onnx', 'metzinger.onnx', 'the-scream.onnx'];

function styles() {
  mkdirSync(path.join(out, 'styles'));
  mkdirSync(path.join(out, 'thumbs'));
  const folder = path.join(root, 'models');
  const files = readdirSync(folder)
    .filter((f) => f.endsWith('.onnx') && !inGallery.includes(f))
    .sort();
  const list = files.flatMap((name) => {
    const file = path.join(folder, name);
    const model = readFileSync(file);
    const said = metadataOf(model);
    const style = said['tempera.style'] ?? name.replace(/\.onnx$/, '');
    const half = withHalfWeights(model, droppedBits);
    writeFileSync(path.join(out, 'styles', name), half);
    const findings = `styles/${name.replace(/onnx$/, 'findings.json')}`;
    writeFileSync(path.join(out, findings), findingsOf(half, { folder: path.resolve(options.engine) }));
    const title = said['tempera.title'] ?? style;
    const many = stylesIn(said).filter((one) => !files.includes(`${one.name}.onnx`));
    if (many.length > 0) {
      // Each has a picture beside the file, under its own name, or the file's.
      const picture = (one) => thumbnail(one.name, path.join(folder, `${one.name}.onnx`), {}) ?? thumbnail(one.name, file, said);
      return many.map((one) => ({ ...one, model: `styles/${name}`, thumb: picture(one) }));
    }
    return {
      name: style,
      title,
      artist: said['tempera.artist'],
      year: said['tempera.year'],
      model: `styles/${name}`,
      thumb: thumbnail(style, file, said),
    };
  });
  // Best known first.
  const order = (s) => (s.name === 'starry-night' ? 0 : s.name === 'great-wave' ? 1 : 2);
  return list.sort((a, b) => order(a) - order(b) || (a.title < b.title ? -1 : 1));
}

function sample() {
  const names = [];
  const clip = path.join(out, 'sample.mp4');
  // Small, a third of a megabyte, without sound. Bits go to flat skies: styles turn their blocks into strokes.
  const shape = ['-vf', 'scale=640:360', '-an', '-c:v', 'libx264', '-profile:v', 'high', '-pix_fmt', 'yuv420p'];
  const rest = [
    '-crf',
    '29',
    '-preset',
    'slower',
    '-x264-params',
    'aq-mode=3:aq-strength=1.2',
    '-movflags',
    '+faststart',
  ];
  if (existsSync(options.sample) && ffmpeg('-t', '3', '-i', options.sample, ...shape, ...rest, clip)) {
    names.push('sample.mp4');
  }
  cpSync(path.join(root, 'models/sample.jpg'), path.join(out, 'sample.jpg'));
  return [...names, 'sample.jpg'];
}

function* walk(folder, below = '') {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = below + entry.name;
    if (entry.isDirectory()) yield* walk(path.join(folder, entry.name), `${name}/`);
    else yield name;
  }
}

async function serviceWorker() {
  const all = [...walk(out)].sort();
  const digest = createHash('sha256');
  for (const name of all) digest.update(name).update(readFileSync(path.join(out, name)));
  // Engine builds and styles are kept when they are used: nobody needs all of them.
  const kept = all.filter((name) => !/\.(wasm|onnx)$/.test(name) && !/^(index.html|sample.mp4|_headers|mask-.*)$/.test(name));
  await esbuild.build({
    entryPoints: [path.join(here, 'src/sw.ts')],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    outfile: path.join(out, 'sw.js'),
    define: { FILES: JSON.stringify(['./', ...kept]), DIGEST: JSON.stringify(digest.digest('hex').slice(0, 12)) },
  });
}

const packed = (name) => gzipSync(readFileSync(path.join(out, name)), { level: 9 }).length;
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

function weigh(film) {
  const all = [...walk(out)];
  const sum = (names) => names.reduce((bytes, name) => bytes + packed(name), 0);
  const apart = /\.wasm$|^(styles|thumbs)\/|^sample\.|^mask-|painter-worker|icon-512/;
  const page = sum(all.filter((name) => !apart.test(name) && name !== film));
  // Every browser takes one build; the heaviest counts. The whole engine is for other networks than styles.
  const engine = Math.max(0, ...all.filter((name) => /^tempera-[a-z]+\.wasm$/.test(name)).map(packed));
  const whole = page + engine + sum(all.filter((name) => /^(styles|thumbs)\/|painter-worker/.test(name)));
  const masks = sum(all.filter((name) => /^mask-/.test(name)));
  const parts = { page, films: packed(film), engine, whole, masks };
  const limits = { page: page_limit, films: film_limit, engine: engine_limit, whole: whole_limit, masks: masks_limit };
  const words = Object.entries(parts).map(([name, bytes]) => `${name} ${kb(bytes)} gzip (limit ${kb(limits[name])})`);
  console.log(`weight: ${words.join(', ')}`);
  if (Object.keys(parts).some((name) => parts[name] > limits[name])) {
    console.error('page: too heavy; see the sizes above');
    process.exitCode = 1;
  }
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const metafile = await bundle();
for (const name of [
  'index.html',
  'style.css',
  'manifest.webmanifest',
  'icon.svg',
  'icon-192.png',
  'icon-512.png',
  '_headers',
]) {
  cpSync(path.join(here, name), path.join(out, name));
}
const mask = existsSync(path.join(options.engine, 'mask-person.onnx'));
writeFileSync(path.join(out, 'styles.json'), JSON.stringify({ styles: styles(), sample: sample(), mask }));
if (existsSync(options.engine)) {
  for (const name of readdirSync(options.engine)) {
    if (/\.wasm$|^painter-worker\.js$|^mask-/.test(name)) cpSync(path.join(options.engine, name), path.join(out, name));
  }
}
await serviceWorker();
weigh(filmChunk(metafile));
