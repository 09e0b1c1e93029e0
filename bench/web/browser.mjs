// Chromium with a fake camera, its pages, and its processes.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { here, root, serve } from './server.mjs';

const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** What is missing, in words; '' when nothing is. */
export function whatIsMissing() {
  const has = (name) => existsSync(path.join(root, name));
  if (!existsSync(executable)) return `no Chromium at ${executable}: run tools/setup web, or name one by CHROMIUM`;
  if (!has('web/node_modules/playwright-core')) return 'web/node_modules has no playwright-core: run npm ci in web/';
  const missing = ['index.js', 'tempera-relaxed.wasm', 'tempera-simd.wasm', 'tempera-single.wasm'].find((f) => !has(`web/dist/${f}`));
  if (missing) return `web/dist has no ${missing}: run make web-module`;
  if (!existsSync(path.join(here, 'node_modules/onnxruntime-web'))) return 'the peers are not installed: run npm ci in bench/web/';
  return '';
}

/** A clip that moves, for the camera: raw pictures, as Chromium wants them. */
function cameraClip(width, height, rate) {
  const folder = path.join(root, 'build/bench-web');
  const file = path.join(folder, `camera-${width}x${height}-${rate}.y4m`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const source = `testsrc2=size=${width}x${height}:rate=${rate}:duration=1`;
  const made = spawnSync('ffmpeg', ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', file],
    { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`ffmpeg could not make the camera's clip: ${made.stderr || made.error?.message}`);
  return file;
}

async function launch({ camera, args = [] }) {
  const { chromium } = createRequire(path.join(root, 'web/package.json'))('playwright-core');
  const fake = camera ? [`--use-file-for-fake-video-capture=${cameraClip(camera.width, camera.height, camera.rate)}`] : [];
  return chromium.launch({
    executablePath: executable,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--autoplay-policy=no-user-gesture-required', ...fake, ...args],
  });
}

/**
 * A browser of its own with one page. at: a path of the server's. camera: { width, height, rate } of the fake one.
 * module: a file of pages/, whose exports become window.bench. before: files of pages/, or what playwright's addInitScript
 * takes, that run before the page's own code.
 */
export async function openPage({ at = '/', camera, isolated = true, module, nets, args, before = [] }) {
  const server = await serve({ isolated, nets });
  const browser = await launch({ camera, args });
  const close = async () => {
    await browser.close();
    server.close();
  };
  try {
    const context = await browser.newContext({ permissions: ['camera'], viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const said = [];
    page.on('pageerror', (error) => said.push(error.message));
    await page.addInitScript({ path: path.join(here, 'pages/watch_workers.js') });
    for (const script of before.filter(Boolean)) {
      await page.addInitScript(typeof script === 'string' ? { path: path.join(here, 'pages', script) } : script);
    }
    await page.goto(server.url + at);
    if (module) await page.evaluate(async (file) => { window.bench = await import(`/bench/${file}`); }, module);
    return { page, said, close, version: browser.version(), processes: () => processesOf(browser) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** [{ type, pid, ticks }] of the browser's processes: what all of their threads computed, in clock ticks. */
async function processesOf(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.map(({ type, id }) => ({ type, pid: id, ticks: ticksOf(id) })).filter((p) => p.ticks !== undefined);
}

function ticksOf(pid) {
  try {
    // Behind the name in parentheses, which may hold blanks: utime and stime are the 14th and 15th field.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
