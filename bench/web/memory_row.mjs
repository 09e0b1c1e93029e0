// Memory while the camera is painted: the module's, the page's as the browser counts it, and the renderer process's.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { median } from '../suite/turns.mjs';
import { withCamera } from './camera_rows.mjs';
import { root } from './server.mjs';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const MB = 1048576;

export const memoryCases = [
  { name: 'the package', build: 'relaxed', threads: 2, width: 640, height: 480, rate: 30 },
  { name: 'the page', page: true, width: 640, height: 480, rate: 30 },
];

// Private memory of the renderer that works most. Not all that is resident: without a GPU, Chromium keeps some four hundred
// shared copies of a canvas that is drawn again and again, whoever draws.
async function rendererMb(opened) {
  const renderers = (await opened.processes()).filter((p) => p.type === 'renderer').sort((a, b) => b.ticks - a.ticks);
  const found = /^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${renderers[0].pid}/status`, 'utf8'));
  return Number(found?.[1] ?? NaN) / 1024;
}

// Without the flag, the browser waits for a collection of its own. It still waits a minute for workers that do not answer,
// as the engine's helpers, who sleep in the module.
const args = ['--enable-blink-features=ForceEagerMeasureMemory'];

async function sample(opened) {
  const measured = await opened.page.evaluate(async () => {
    const { bytes, breakdown } = await performance.measureUserAgentSpecificMemory();
    return { bytes, parts: breakdown.filter((b) => b.bytes > 0).map((b) => ({ bytes: b.bytes, types: b.types })) };
  });
  return { page_mb: measured.bytes / MB, parts: measured.parts, renderer_mb: await rendererMb(opened) };
}

// The middle of the first third and of the last: what grows shows in their difference.
function drift(numbers) {
  const third = Math.max(1, Math.floor(numbers.length / 3));
  return median(numbers.slice(-third)) - median(numbers.slice(0, third));
}

// A series as the report shows it.
const series = (numbers) => ({ median: median(numbers), max: Math.max(...numbers), drift: drift(numbers), each: numbers });

async function measureOne(what, opened, { memorySamples, say }) {
  const samples = [], from = performance.now();
  while (samples.length < memorySamples) {
    samples.push(await sample(opened));
    await sleep(1000);
  }
  const { stats, info } = await opened.look();
  const page_mb = series(samples.map((s) => s.page_mb)), renderer_mb = series(samples.map((s) => s.renderer_mb));
  say(`  ${what.name}: page ${page_mb.median.toFixed(1)} MB, drift ${page_mb.drift.toFixed(1)}, renderer ${renderer_mb.median.toFixed(0)} MB`);
  const module_mb = info.memoryMB ?? Number(/([\d.]+) MB/.exec(info.words)?.[1] ?? NaN);
  return { ...what, seconds: (performance.now() - from) / 1000, samples: samples.length, module_mb,
    plan_mb: stats ? stats.planBytes / MB : undefined, page_mb, renderer_mb, last_parts: samples.at(-1).parts,
    chromium: opened.version };
}

export async function measureMemory({ absent, done, ...options }) {
  const results = [];
  for (const what of memoryCases) {
    if (what.page && !existsSync(path.join(root, 'build/page/index.html'))) {
      absent('the page: there is no build/page (make web-module)');
      continue;
    }
    results.push(await withCamera(what, { ...options, args }, (opened) => measureOne(what, opened, options)));
    done(results);
  }
  return results;
}
