// Chromium, by playwright-core, with a fake camera; pages that know the package.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { serve } from './server.mjs';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** false when the tests can run; otherwise what is missing. Where CI is set, nothing may be. */
export function whatIsMissing() {
  return unlessInCi(missing());
}
/** The reason for a skip; where CI is set, an error. */
export function unlessInCi(reason) {
  if (reason && process.env.CI) throw new Error(`nothing is skipped where CI is set: ${reason}`);
  return reason;
}
function missing() {
  const has = (path) => existsSync(new URL(`../../${path}`, import.meta.url));
  if (!existsSync(executable)) return `no Chromium at ${executable} (CHROMIUM names another)`;
  if (!has('web/node_modules/playwright-core')) return 'playwright-core is not installed: npm ci in web/';
  if (!has('web/dist/index.js')) return 'web/dist is not built: npm run build in web/';
  if (!has('web/dist/tempera-simd.wasm')) return 'web/dist has no tempera-simd.wasm: build the preset wasm-simd';
  return false;
}
export const hasBuild = (name) => existsSync(new URL(`../../web/dist/tempera-${name}.wasm`, import.meta.url));

let chromium = null;
export async function browser() {
  chromium ??= await require('playwright-core').chromium.launch({
    executablePath: executable,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required', '--js-flags=--expose-gc'],
  });
  return chromium;
}
export async function closeBrowser() {
  await chromium?.close();
  chromium = null;
}

/**
 * A page with window.tempera = the package. `said` gathers its console. before: code that runs before anything else,
 * to take globals away.
 */
export async function open({ path = '/', before = '', server: given, ...options } = {}) {
  const server = given ?? (await serve(options));
  const context = await (await browser()).newContext({ permissions: ['camera'] });
  const page = await context.newPage();
  const said = [];
  page.on('console', (m) => said.push(m.text()));
  page.on('pageerror', (e) => said.push(`uncaught: ${e.message}`));
  if (before) await page.addInitScript(before);
  await page.goto(server.url + path);
  // A module of the server's own, so that a strict policy lets it in.
  await page.evaluate(async () => { window.tempera = await import('/dist/index.js'); });
  const close = async () => {
    await context.close();
    if (!given) server.close();
  };
  return { page, said, server, close };
}
