// Cost against frame size and against threads, and the memory of the full network on a big picture.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { ourEngine } from './engines.mjs';
import { interleave, start } from './turns.mjs';

const SIZES = ['320x180', '640x360', '1280x720', '1920x1080', '3840x2160'];

function make({ build, scratch }, net, size) {
  const file = path.join(scratch, `${net}-${size}-ours.onnx`);
  execFileSync(path.join(build, 'bench_make_net'), [net, file, size]);
  return file;
}

// All sizes in turns, so that a neighbour's load meets all of them.
export async function measureScaling(common) {
  const rows = [];
  for (const precision of common.precisions) {
    const workers = [];
    for (const size of SIZES) {
      const worker = await start({ ...ourEngine(common.build, { ...common, precision, size, file: make(common, 'bundled', size) }), name: size });
      if (worker) workers.push(worker);
    }
    for (const result of await interleave(workers, { seconds: common.seconds, least: 5 })) {
      const [width, height] = result.name.split('x').map(Number);
      const per = 1e6 / (width * height);  // nanoseconds a pixel of so many milliseconds
      rows.push({ precision, size: result.name, min_ms: result.min_ms, median_ms: result.median_ms, cpu_min_ms: result.cpu_min_ms,
        ns_per_pixel: result.min_ms * per, cpu_ns_per_pixel: result.cpu_min_ms * per, rounds: result.rounds });
    }
    for (const worker of workers) worker.stop();
  }
  return rows;
}

// One thread beside two, in turns.
export async function measureThreads(common) {
  const rows = [];
  for (const net of ['johnson', 'bundled']) {
    const size = '640x360', file = make(common, net, size);
    for (const precision of common.precisions) {
      const workers = [];
      for (const threads of [1, 2]) {
        const worker = await start({ ...ourEngine(common.build, { ...common, threads, precision, size, file }), name: String(threads) });
        if (worker) workers.push(worker);
      }
      if (workers.length < 2) continue;
      const [one, two] = await interleave(workers, { seconds: common.seconds / 2, least: 5 });
      for (const worker of workers) worker.stop();
      rows.push({ net, precision, size, one_ms: one.min_ms, two_ms: two.min_ms, speedup: one.min_ms / two.min_ms,
        median_speedup: one.median_ms / two.median_ms, cpu_growth: two.cpu_min_ms / one.cpu_min_ms });
    }
  }
  return rows;
}

// The full network at 1920x1080: two runs are enough to touch every page.
export async function measureBigPicture(common) {
  const rows = [];
  const file = make(common, 'johnson', '1920x1080');
  for (const precision of common.precisions) {
    const worker = await start(ourEngine(common.build, { ...common, precision, size: '1920x1080', file }));
    if (!worker) continue;
    const [result] = await interleave([worker], { seconds: 0, least: 2 });
    rows.push({ precision, min_ms: result.min_ms, ...JSON.parse(await worker.ask('facts')) });
    worker.stop();
  }
  return rows;
}
