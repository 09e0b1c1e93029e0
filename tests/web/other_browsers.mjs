// Firefox and WebKit, each started once, with pages that know the package.
import { existsSync } from 'node:fs';
import { after } from 'node:test';
import { hasBuild } from './browser.mjs';
import * as firefox from './firefox.mjs';
import { compare, tools } from './in_page.mjs';
import { serve } from './server.mjs';
import * as webkit from './webkit.mjs';

export { firefox, webkit };

const isBuilt = existsSync(new URL('../../web/dist/index.js', import.meta.url)) && hasBuild('simd');

/** false when the package can run in it; otherwise what is missing. */
export const whatIsMissing = (browser) => browser.whatIsMissing() || (!isBuilt && 'web/dist is not built: make web-module');

const started = new Map();
export function running(browser, options = {}) {
  const key = browser.name + JSON.stringify(options);
  if (!started.has(key)) started.set(key, browser.launch(options));
  return started.get(key);
}
after(async () => {
  for (const browser of started.values()) await (await browser.catch(() => null))?.close();
});

/** A page with window.tempera = the package, and what in_page.mjs gives. launch: for the browser; the rest for the page. */
export async function opened(browser, { isolated = true, launch, ...options } = {}) {
  const server = await serve({ isolated });
  const page = await (await running(browser, launch)).open(options);
  const close = async () => {
    await page.close();
    server.close();
  };
  try {
    await page.goto(server.url);
    await page.evaluate(async () => { window.tempera = await import('/dist/index.js'); });
    await page.evaluate(compare);
    await page.evaluate(tools);
    return { page, server, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
