// Networks in turns: Tempera's package beside ONNX Runtime Web and TensorFlow.js in one page, and beside the native engine
// that is held to one thread and 128-bit registers.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ourEngine } from '../suite/engines.mjs';
import { interleave, start } from '../suite/turns.mjs';
import { openPage } from './browser.mjs';
import { centreOnGrey } from './grey_output.mjs';
import { root } from './server.mjs';

const style = { name: 'the-scream', file: path.join(root, 'models/the-scream.onnx'), size: '640x480' };
// Of the test data: pytorch/examples' network with half its channels, whose size is fixed.
const publicNets = ['candy_nc16_256x256', 'mosaic_nc16_256x256'];

/** {name, size, file, peers}: bundled, the full network with random weights, and public ones where the test data is. */
export function findNetworks({ build, data, nets, absent }) {
  const list = [{ ...style, peers: ['ort', 'tf'] }];
  const maker = path.join(build, 'bench_make_net');
  if (fs.existsSync(maker)) {
    const file = path.join(nets, 'johnson.onnx');
    execFileSync(maker, ['johnson', file, '640x360']);
    centreOnGrey(file);
    list.push({ name: 'johnson', size: '640x360', file, peers: ['ort', 'tf'] });
  } else {
    absent(`johnson: there is no ${path.relative(root, maker)} (make bench-web builds it)`);
  }
  for (const name of publicNets) {
    const file = path.join(data, 'models/onnx', `${name}.onnx`);
    if (fs.existsSync(file)) list.push({ name: name.replace(/_\d+x\d+$/, ''), size: '256x256', file, peers: ['ort'] });
    else absent(`${name}: not in the test data (TEMPERA_TEST_DATA)`);
  }
  return list;
}

/** An engine of the page's behind the words of bench/suite/turns.mjs; undefined where it does not start. */
async function startInPage(page, what, absent) {
  try {
    const about = await page.evaluate((w) => window.bench.start(w), what);
    await page.evaluate((name) => window.bench.run(name), what.name);
    return { ...about, name: what.name, kind: what.kind, precision: what.precision,
      // Processor time of one engine cannot be told apart in one page.
      ask: async () => `${await page.evaluate((name) => window.bench.run(name), what.name)} NaN`,
      stop: () => page.evaluate((name) => window.bench.close(name), what.name) };
  } catch (error) {
    absent(`${what.name}: ${error.message.split('\n')[0].replace(/^page\.evaluate: (Error: )?/, '')}`);
    return undefined;
  }
}

const ours = (threads, build, precision) => ({ kind: 'tempera', name: `Tempera ${precision}, ${build}, ${threads} thread${threads > 1 ? 's' : ''}`,
  threads, build, precision });
const peers = { ort: { kind: 'ort', name: 'ONNX Runtime Web' }, tf: { kind: 'tf', name: 'TensorFlow.js' } };

// Different work cannot be compared: all must paint what ONNX Runtime paints. Tempera's is pixels, rounded; its 8 bits and
// SIMD128's are held to what looks the same (docs/performance.md says how much that is).
const allowed = { fp32: 2, tf: 2, auto_psnr_db: 30 };

async function checkAgreement(page, workers) {
  const reference = workers.find((w) => w.kind === 'ort');
  for (const worker of reference ? workers : []) {
    if (worker === reference) continue;
    const apart = await page.evaluate(([a, b]) => window.bench.compare(a, b), [worker.name, reference.name]);
    worker.apart = apart;
    const same = worker.kind === 'tf' ? apart.worst_number <= allowed.tf
      : worker.precision === 'fp32' ? apart.worst <= allowed.fp32 : (apart.psnr_db ?? Infinity) >= allowed.auto_psnr_db;
    if (!same) throw new Error(`${worker.name} paints something else than ONNX Runtime: ${JSON.stringify(apart)}`);
    if (apart.inside_share < 0.5) throw new Error(`most of the painting is black or white: ${JSON.stringify(apart)}`);
  }
}

function printTurns(title, results, say) {
  say(`  ${title}`);
  for (const r of results) {
    say(`    ${r.name.padEnd(34)} median ${r.median_ms.toFixed(1).padStart(8)} ms, min ${r.min_ms.toFixed(1).padStart(8)}, ` +
      `p99 ${r.p99_ms.toFixed(1).padStart(8)}, ${r.rounds} rounds${r.apart ? `, worst pixel ${r.apart.worst}` : ''}`);
  }
}

// cpu_min_ms is of native engines alone.
const described = (workers, results) => results.map(({ cpu_min_ms, ...result }, i) => {
  const { build, kernel, threads, memory_mb, apart, precision, kind } = workers[i];
  return { ...result, ...(Number.isFinite(cpu_min_ms) ? { cpu_min_ms } : {}), kind, precision, build, kernel, threads, memory_mb, apart };
});

async function inTurns(network, whats, natives, { nets, seconds, rounds, absent, say, title }) {
  const [width, height] = network.size.split('x').map(Number);
  fs.copyFileSync(network.file, path.join(nets, 'network.onnx'));
  const opened = await openPage({ module: 'engines.mjs', nets });
  const workers = [];
  try {
    for (const what of whats) {
      const worker = await startInPage(opened.page, { ...what, url: '/nets/network.onnx', width, height }, absent);
      if (worker) workers.push(worker);
    }
    if (!workers.some((w) => w.kind === 'tempera')) throw new Error(`${network.name}: Tempera did not start`);
    await checkAgreement(opened.page, workers);
    for (const native of natives) {
      const worker = await start(native, absent);
      if (worker) workers.push(Object.assign(worker, { kind: 'native' }));
    }
    const results = described(workers, await interleave(workers, { seconds, least: 3, most: rounds }));
    printTurns(title, results, say);
    return { network: network.name, size: network.size, engines: results, chromium: opened.version };
  } finally {
    for (const worker of workers) if (worker.kind === 'native') worker.stop();
    await opened.close();
  }
}

/** As many threads each, where they can; TensorFlow.js 4.22 runs one whatever it is told, so Tempera does so as well. */
export async function measurePeers({ threads, done, ...options }) {
  const results = [], failures = [];
  for (const network of findNetworks(options)) {
    const whats = [ours(threads, 'relaxed', 'auto'), ours(threads, 'relaxed', 'fp32'), ours(threads, 'simd', 'auto'),
      ...(network.peers.includes('tf') ? [ours(1, 'relaxed', 'auto')] : []), ...network.peers.map((peer) => ({ ...peers[peer], threads }))];
    const title = `${network.name} ${network.size}, ${threads} threads`;
    const absent = (why) => options.absent(`${network.name}: ${why}`);
    try {
      results.push({ threads, ...(await inTurns(network, whats, [], { ...options, absent, title })) });
      done(results);
    } catch (error) {
      failures.push(`${network.name}: ${error.message.split('\n')[0]}`); // the other networks have their turn
    }
  }
  if (failures.length > 0) throw new Error(failures.join('; '));
  return results;
}

/**
 * Masks of 256x256: Tempera's from pixels to pixels, its edges drawn and nothing painted, since nobody is in the picture;
 * ONNX Runtime's the network alone. What each finds is compared in tests/web.
 */
export async function measureMask({ threads, nets, seconds, rounds, absent, say, done }) {
  const size = '256x256', [width, height] = size.split('x').map(Number);
  fs.copyFileSync(style.file, path.join(nets, 'style.onnx'));
  fs.copyFileSync(path.join(root, 'models/masks/person.onnx'), path.join(nets, 'mask.onnx'));
  const masked = (...how) => ({ ...ours(...how), url: '/nets/style.onnx', mask: '/nets/mask.onnx' });
  const whats = [masked(threads, 'relaxed', 'auto'), masked(threads, 'simd', 'auto'), masked(1, 'relaxed', 'auto'),
    { ...peers.ort, url: '/nets/mask.onnx', threads }];
  const opened = await openPage({ module: 'engines.mjs', nets });
  try {
    const workers = [];
    for (const what of whats) {
      const worker = await startInPage(opened.page, { ...what, width, height }, absent);
      if (worker) workers.push(worker);
    }
    if (!workers.some((w) => w.kind === 'tempera')) throw new Error('Tempera did not start');
    const engines = described(workers, await interleave(workers, { seconds, least: 3, most: rounds }));
    printTurns(`mask of persons ${size}`, engines, say);
    const results = [{ network: 'mask of persons', size, engines, chromium: opened.version }];
    done(results);
    return results;
  } finally {
    await opened.close();
  }
}

/** One thread each: the module beside the library that is held to SSE4, whose registers are as wide as WebAssembly's. */
export async function measureNative({ build, ...options }) {
  if (!fs.existsSync(path.join(build, 'bench_session'))) throw new Error('there is no bench_session: make bench-web builds it');
  const results = [];
  for (const size of ['640x480', '640x360']) {
    const native = (precision) => ({ ...ourEngine(build, { file: style.file, size, threads: 1, precision, target: 'sse4' }),
      name: `native ${precision}, sse4` });
    const whats = [ours(1, 'relaxed', 'auto'), ours(1, 'relaxed', 'fp32'), ours(1, 'simd', 'auto'), ours(1, 'simd', 'fp32')];
    const title = `${style.name} ${size}, one thread`;
    results.push(await inTurns({ ...style, size }, whats, ['auto', 'fp32', 'int8'].map(native), { ...options, title }));
  }
  return results;
}
