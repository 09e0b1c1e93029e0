// Speed beside the peers, network by network: see bench/run.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

import { describeMachine, slugOf, watchLoad } from './machine.mjs';
import { findNetworks, findPhotoNetworks, measureNetwork, printNetwork } from './networks.mjs';
import { measureScaling, measureBigPicture, measureThreads } from './scaling.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const { values: options, positionals: models } = parseArgs({
  allowPositionals: true,
  options: {
    build: { type: 'string', default: 'build/test' },
    size: { type: 'string', default: '640x360' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '15' },
    precisions: { type: 'string', default: 'fp32,auto' },
    target: { type: 'string' },
    without: { type: 'string' },
    ncnn: { type: 'string' }, // a folder with a build of it
    only: { type: 'string', default: 'networks,layers,scaling,accuracy,photos' },
    out: { type: 'string' },
  },
});
const build = path.resolve(root, options.build);
const data = process.env.TEMPERA_TEST_DATA ?? path.resolve(root, '../shared/data');
const parts = options.only.split(',');
const say = (text) => console.log(text);

// A bench program that prints JSON; undefined where it failed (its words go to standard error).
function ask(program, args, env = {}) {
  const done = spawnSync(path.join(build, program), args, {
    encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env },
  });
  if (done.status !== 0) return undefined;
  return JSON.parse(done.stdout);
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'tempera-bench-'));
try {
  const common = { build, root, data, scratch, threads: Number(options.threads), precisions: options.precisions.split(','),
    seconds: Number(options.seconds), target: options.target,
    ncnn: options.ncnn ?? process.env.NCNN_BENCH,
    without: options.without ? new RegExp(options.without) : undefined };
  if (models.length > 0) {
    for (const file of models) {
      const network = { name: path.basename(file, '.onnx'), file, size: options.size };
      const result = await measureNetwork(network, common, (why) => say(`  without ${why}`));
      if (result) printNetwork(result, say);
    }
  } else {
    const endLoad = watchLoad();
    const peaks = ask('bench_peaks', [options.threads]);
    const record = { machine: describeMachine(peaks.target), threads: common.threads, peaks, absent: [] };
    // A part that is not measured now keeps what the file has.
    const out = options.out ?? path.join(root, 'bench/results', `${slugOf(record.machine)}.json`);
    const earlier = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : {};
    for (const part of ['networks', 'layers', 'scaling', 'accuracy', 'photos', 'big', 'thread_scaling']) record[part] = earlier[part];
    // After each part: what was measured is not lost when somebody loses patience.
    const write = () => {
      record.load = endLoad();
      record.measured = { ...earlier.measured };
      for (const part of parts) record.measured[part] = { date: record.machine.date, commit: record.machine.commit, load: record.load };
      fs.mkdirSync(path.dirname(out), { recursive: true });
      fs.writeFileSync(out, JSON.stringify(record, (key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value), 1) + '\n');
    };
    if (parts.includes('networks')) {
      record.networks = [];
      for (const network of findNetworks(common)) {
        const result = await measureNetwork(network, common, (why) => record.absent.push(`${network.name}: ${why}`));
        if (!result) continue;
        printNetwork(result, say);
        record.networks.push(result);
        write();
      }
    } else {
      record.absent = earlier.absent ?? [];
    }
    if (parts.includes('layers')) {
      const answer = ask('kernel_bench', ['--benchmark_format=json', '--benchmark_min_time=0.2'], { OMP_NUM_THREADS: '1' });
      record.layers = answer?.benchmarks.map((b) => ({ layer: b.name.split('/')[0], precision: b.name.split('/')[1], kernel: b.label,
        ms: b.ms, gmac_per_s: b['GMAC/s'], roof_share: b.roof_share, onednn_ms: b.onednn_ms })) ?? record.layers;
      write();
    }
    if (parts.includes('scaling')) {
      record.scaling = await measureScaling(common);
      write();
      record.thread_scaling = await measureThreads(common);
      record.big = await measureBigPicture(common);
    }
    if (parts.includes('accuracy')) record.accuracy = ask('bench_accuracy', [root, data]) ?? record.accuracy;
    if (parts.includes('photos')) {
      const folder = path.join(data, 'photos');
      if (fs.existsSync(folder)) record.photos = ask('bench_photos', [folder, '50', ...findPhotoNetworks(common)]) ?? record.photos;
      else record.absent.push('photographs: there are none in the test data');
    }
    write();
    say(`\nwrote ${path.relative(root, out)}`);
  }
} finally {
  fs.rmSync(scratch, { recursive: true });
}
