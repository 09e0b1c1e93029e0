// Frames a second from camera to canvas, and what that costs the processor: the package in a page of its own, and the page.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { median, quantile } from '../suite/turns.mjs';
import { openPage } from './browser.mjs';
import { root } from './server.mjs';

const model = '/models/the-scream.onnx'; // the bundled styles share one shape: one stands for all
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ticksPerSecond = () => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

// A camera of 60 frames a second, so that it is the painting that sets the pace; at 30, whether any are missed.
export const cameraCases = [
  { name: 'relaxed', build: 'relaxed', threads: 2, width: 640, height: 480, rate: 60 },
  { name: 'relaxed, camera of 30', build: 'relaxed', threads: 2, width: 640, height: 480, rate: 30 },
  { name: 'the page', page: true, width: 640, height: 480, rate: 60 },
  // Nobody is in the camera's test picture: where a mask is found and all is painted beside it, nothing is spared.
  { name: 'all but persons', build: 'relaxed', threads: 2, mask: 'person', regions: { background: 'model' }, width: 640,
    height: 480, rate: 60 },
  { name: 'plain SIMD128', build: 'simd', threads: 2, width: 640, height: 360, rate: 60 },
  { name: 'plain SIMD128', build: 'simd', threads: 1, width: 640, height: 360, rate: 60 },
  { name: 'page not isolated', isolated: false, threads: 1, width: 384, height: 216, rate: 60 },
];

export const processorCases = [
  { name: 'relaxed', build: 'relaxed', threads: 2, width: 640, height: 360, rate: 30 },
  { name: 'relaxed', build: 'relaxed', threads: 1, width: 640, height: 360, rate: 30 },
  { name: 'plain SIMD128', build: 'simd', threads: 2, width: 640, height: 360, rate: 30 },
  { name: 'the page', page: true, width: 640, height: 360, rate: 30 },
];

async function openPackage(what, options) {
  const opened = await openPage({ ...options, isolated: what.isolated, camera: what, module: 'camera.mjs' });
  const started = await opened.page.evaluate((o) => window.bench.start(o), { ...what, model });
  const look = () => opened.page.evaluate(() => ({ ...window.bench.seen(), paintings: window.paintings.splice(0) }));
  return { ...opened, started, look, stop: () => opened.page.evaluate(() => window.bench.stop()) };
}

// Its size is chosen as a visitor does. Each painting that comes is drawn at once.
async function openThePage(what, options) {
  const opened = await openPage({ ...options, camera: what, at: '/page/' });
  const { page } = opened;
  await page.waitForFunction(() => document.documentElement.dataset.painted, undefined, { timeout: 60000 });
  await page.click('#camera');
  await page.waitForFunction(() => document.querySelector('#camera').getAttribute('aria-pressed') === 'true');
  await page.evaluate((wanted) => {
    const select = document.querySelector('#size'); // it offers steps, and paints nothing larger than the camera's picture
    select.value = [...select.options].map((o) => Number(o.value)).find((lines) => lines >= wanted);
    select.dispatchEvent(new Event('change'));
  }, Math.min(what.width, what.height));
  await page.waitForFunction(({ width, height }) => {
    const canvas = document.querySelector('#painted');
    return canvas.width === width && canvas.height === height;
  }, what, { timeout: 30000 });
  const look = () => page.evaluate(() => {
    const paintings = window.paintings.splice(0);
    const info = { words: document.querySelector('#engine').textContent.trim() };
    return { paintings, shown: paintings.map((p) => p.at), info };
  });
  return { ...opened, started: {}, look, stop: async () => ({}) };
}

/** Opens what is measured, lets it warm up, and gives it to `measure`. */
export async function withCamera(what, { warmSeconds, ...options }, measure) {
  const opened = await (what.page ? openThePage : openPackage)(what, options);
  try {
    const paintings = () => opened.page.evaluate(() => window.paintings.length);
    for (const end = performance.now() + 30000; (await paintings()) < 3; await sleep(50)) {
      if (performance.now() > end) throw new Error(`nothing is painted: ${opened.said.join('; ')}`);
    }
    await sleep(1000 * warmSeconds);
    return await measure(opened);
  } finally {
    await opened.close();
  }
}

// Share of one core that each kind of process took. The page's own renderer is the one that works most.
function processorShares(before, after, seconds) {
  const perSecond = ticksPerSecond();
  const shares = {};
  const renderers = [];
  for (const { pid, type, ticks } of after) {
    const share = (ticks - (before.find((p) => p.pid === pid)?.ticks ?? 0)) / perSecond / seconds;
    if (type === 'renderer') renderers.push(share);
    else shares[type] = (shares[type] ?? 0) + share;
  }
  renderers.sort((a, b) => b - a);
  return { renderer: renderers[0], ...shares };
}

async function measureOnce(what, options) {
  return withCamera(what, options, async (opened) => {
    await opened.look();
    const before = await opened.processes(), from = performance.now();
    await sleep(1000 * options.seconds);
    const seconds = (performance.now() - from) / 1000, after = await opened.processes();
    const { shown, paintings, stats, info } = await opened.look();
    const { left_open } = await opened.stop();
    if (left_open > 0) throw new Error(`${left_open} frames were left open`);
    return { fps: shown.length / seconds, painting_ms: paintings.map((p) => p.ms), stats, info, started: opened.started,
      processor: processorShares(before, after, seconds), chromium: opened.version };
  });
}

function summary(what, runs) {
  const ms = runs.flatMap((r) => r.painting_ms), fps = runs.map((r) => r.fps), last = runs.at(-1);
  const kinds = [...new Set(runs.flatMap((r) => Object.keys(r.processor)))];
  const shares = kinds.map((kind) => [kind, median(runs.map((r) => r.processor[kind] ?? 0))]);
  const painting_ms = { median: median(ms), p99: quantile(ms, 0.99), min: Math.min(...ms) };
  const { started, stats, info, chromium } = last;
  return { ...what, fps: median(fps), fps_each: fps, frames: ms.length, painting_ms, processor: Object.fromEntries(shares),
    renderer_each: runs.map((r) => r.processor.renderer), started, stats, info, chromium };
}

function printRun(what, run, say) {
  const { width, height, rate, threads = 'its own' } = what, ms = run.painting_ms;
  say(`  ${what.name} ${width}x${height} at ${rate}, ${threads} threads: ${run.fps.toFixed(1)} frames/s, painting ` +
    `${median(ms).toFixed(1)} ms, p99 ${quantile(ms, 0.99).toFixed(1)}, renderer ${(100 * run.processor.renderer).toFixed(0)} %`);
}

/** Case after case, round after round, so that a neighbour's load meets all of them. */
export async function measureCases(cases, { rounds, say, absent, done, ...options }) {
  const here = cases.filter((what) => {
    if (!what.page || existsSync(path.join(root, 'build/page/index.html'))) return true;
    absent('the page: there is no build/page (make web-module)');
    return false;
  }).filter((what) => {
    if (!what.mask || existsSync(path.join(root, 'web/dist/mask-person.onnx'))) return true;
    absent(`${what.name}: there is no web/dist/mask-person.onnx (make web-module)`);
    return false;
  });
  const runs = new Map(here.map((what) => [what, []]));
  const results = () => here.filter((what) => runs.get(what).length > 0).map((what) => summary(what, runs.get(what)));
  for (let round = 1; round <= rounds; ++round) {
    for (const what of here) {
      try {
        const run = await measureOnce(what, options);
        runs.get(what).push(run);
        printRun(what, run, say);
      } catch (error) {
        // One round of one case is no reason to lose the others.
        absent(`round ${round} of ${what.name} ${what.width}x${what.height}: ${error.message.split('\n')[0]}`);
      }
    }
    done(results());
  }
  const never = here.filter((what) => runs.get(what).length === 0).map((what) => `${what.name} ${what.width}x${what.height}`);
  if (never.length > 0) throw new Error(`${never.join(', ')}: no round of it succeeded`);
  return results();
}
