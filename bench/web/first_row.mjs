// From an address to the first painting: a browser that has never seen the page, on the machine that serves it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { median } from '../suite/turns.mjs';
import { openPage } from './browser.mjs';
import { root } from './server.mjs';

const firstCases = [
  { name: 'the page, with headers', isolated: true },
  { name: 'the page, one thread', isolated: false, blocked: true },
];

async function once({ isolated, blocked }) {
  // Without its service worker the page cannot isolate itself.
  const before = blocked ? { content: 'delete Navigator.prototype.serviceWorker' } : undefined;
  const opened = await openPage({ at: '/page/', isolated, before: ['first_painted.js', before] });
  try {
    await opened.page.waitForFunction(() => window.firstPainted, undefined, { timeout: 60000 });
    const ms = await opened.page.evaluate(() => window.firstPainted);
    const words = await opened.page.textContent('#engine');
    return { ms, words, version: opened.version };
  } finally {
    await opened.close();
  }
}

export async function measureFirst({ firstRounds, absent, done, say }) {
  if (!existsSync(path.join(root, 'build/page/index.html'))) {
    absent('the page: there is no build/page (make web-module)');
    return [];
  }
  const results = firstCases.map((what) => ({ ...what, each: [] }));
  for (let round = 0; round < firstRounds; ++round) {
    for (const result of results) {
      const { ms, words, version } = await once(result);
      result.each.push(ms);
      Object.assign(result, { chromium: version, info: { words }, median_ms: median(result.each), most_ms: Math.max(...result.each),
        min_ms: Math.min(...result.each) });
    }
    done(results);
  }
  for (const r of results) say(`  ${r.name}: ${r.median_ms.toFixed(0)} ms, ${r.min_ms.toFixed(0)} to ${r.most_ms.toFixed(0)}`);
  return results;
}
