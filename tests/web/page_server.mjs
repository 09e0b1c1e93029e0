// A small static server for the page's tests: with or without the headers of isolation, and a browser to look at it.
import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const site = process.env.TEMPERA_PAGE ?? path.join(root, 'build/page');
export const scratch = path.join(root, 'build/page-test');
mkdirSync(scratch, { recursive: true });

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4',
  '.webmanifest': 'application/manifest+json',
};

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

// What a test opened and, because it failed, did not close: a process with an open server or browser never ends.
const open = new Set();
after(() => Promise.all([...open].map((close) => close().catch(() => undefined))));

// headers: more of them, for all files. missing: names that are answered with 404. first: code that runs before the
// page's own, as a file, so that a strict policy lets it in. folder: another one than the page's. files: bytes by name, in
// place of the folder's.
export function serve({ isolated = true, headers = {}, missing = [], first = '', folder = site, files = {} } = {}) {
  const all = { ...(isolated ? isolation : {}), ...headers };
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname).replace(/\/$/, '/index.html');
    if (first && name === '/index.html') {
      response.writeHead(200, { ...all, 'Content-Type': types['.html'] });
      const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
      response.end(html.replace('<head>', '<head><script src="first.js"></script>'));
      return;
    }
    if (first && name === '/first.js') {
      response.writeHead(200, { ...all, 'Content-Type': types['.js'] }).end(first);
      return;
    }
    if (files[name] !== undefined && !missing.some((m) => name.endsWith(m))) {
      const type = types[path.extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { ...all, 'Content-Type': type }).end(files[name]);
      return;
    }
    const file = path.join(folder, path.normalize(name));
    if (
      !file.startsWith(folder) ||
      !existsSync(file) ||
      !statSync(file).isFile() ||
      missing.some((m) => name.endsWith(m))
    ) {
      response.writeHead(404, all).end('not here');
      return;
    }
    response.writeHead(200, { ...all, 'Content-Type': types[path.extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const close = () =>
        new Promise((done) => {
          open.delete(close);
          server.closeAllConnections();
          server.close(done);
        });
      open.add(close);
      resolve({ url: `http://127.0.0.1:${server.address().port}/`, close });
    });
  });
}

// A browser with a camera that shows a moving test picture. The reason why there is none, as text, where it is missing.
export async function launch({ camera = true, args = [], ignoreDefaultArgs = [] } = {}) {
  const { chromium } = createRequire(path.join(root, 'web/package.json'))('playwright-core');
  const fake = camera
    ? ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${cameraClip()}`]
    : [];
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=user-gesture-required',
      ...fake,
      ...args,
    ],
  });
  const close = () => browser.close();
  open.add(close);
  browser.on('disconnected', () => open.delete(close));
  return browser;
}

// What a file of tests looks at: served and opened before its first one, closed behind its last.
export let server;
export let browser;
export function openBefore() {
  before(async () => {
    server = await serve();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
}

export function ffmpeg(...words) {
  const run = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...words], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`ffmpeg: ${run.stderr}`);
}

export function probe(file, ...words) {
  const run = spawnSync('ffprobe', ['-v', 'error', '-of', 'json', ...words, file], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`ffprobe: ${run.stderr}`);
  return JSON.parse(run.stdout);
}

// Mean volume of a file's sound in decibels; about -91 is silence.
export function loudness(file) {
  const run = spawnSync('ffmpeg', ['-nostdin', '-i', file, '-af', 'volumedetect', '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  return Number(/mean_volume: (-?[\d.]+) dB/.exec(run.stderr)?.[1] ?? -Infinity);
}

function made(name, ...words) {
  const file = path.join(scratch, name);
  if (!existsSync(file)) ffmpeg(...words, file);
  return file;
}

export const cameraClip = () =>
  made('camera.y4m', '-f', 'lavfi', '-i', 'testsrc2=size=640x480:rate=30:duration=2', '-pix_fmt', 'yuv420p');

// 73 frames with B-frames, and three seconds of sound.
export const filmClip = () =>
  made(
    'film.mp4',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x240:rate=25:duration=2.92',
    '-f',
    'lavfi',
    '-i',
    'sine=frequency=440:duration=3',
    '-c:v',
    'libx264',
    '-bf',
    '2',
    '-pix_fmt',
    'yuv420p',
    '-c:a',
    'aac',
  );

// A bright figure before a dark wall: 320x240, the figure in the columns 120 to 200.
export const wall = 'color=0x203040:size=320x240:rate=25';
export const figure = (x) => `drawgrid=w=16:h=16:color=0x384858,drawbox=x=${x}:y=60:w=80:h=180:color=0xf0e0d0:t=fill`;
export const figurePicture = () => made('figure.png', '-f', 'lavfi', '-i', wall, '-vf', figure(120), '-frames:v', '1');

// The page's files with a network of masks that finds what is bright.
export function maskFiles(net) {
  const listing = { ...JSON.parse(readFileSync(path.join(site, 'styles.json'), 'utf8')), mask: true };
  return { '/styles.json': JSON.stringify(listing), '/mask-person.onnx': net, '/mask-person.findings.json': '{}' };
}

// Opens the page and waits until something is painted. errors: what the console complained of.
export async function visit(browser, url, { contextOptions = {}, hash = '', before } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    acceptDownloads: true,
    ...contextOptions,
  });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // The browser warns of frames that nobody closed.
    if (message.type() === 'error' || /garbage collected/.test(message.text())) errors.push(message.text());
  });
  if (before) await before(page, context);
  await page.goto(url + hash);
  await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 30000 });
  return { page, context, errors };
}
