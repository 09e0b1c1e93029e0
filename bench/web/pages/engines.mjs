// Engines that take turns in one page: Tempera's package, and peers in workers of their own. Each paints the same picture.
import { Tempera } from '/dist/index.js';

const engines = new Map();
const workers = { ort: ['/bench/ort_worker.mjs', 'module'], tf: ['/bench/tf_worker.js', 'classic'] };

/** A picture with edges, gradients and grain, the same each time. */
function picture(width, height) {
  const image = new ImageData(width, height);
  let seed = 1;
  for (let y = 0, i = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x, i += 4) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
      const patch = ((x >> 5) * 7 + (y >> 5) * 13) % 4;
      const grain = seed >>> 28;
      image.data[i] = (x * 200) / width + grain;
      image.data[i + 1] = patch * 60 + grain;
      image.data[i + 2] = (y * 200) / height + 2 * grain;
      image.data[i + 3] = 255;
    }
  }
  return image;
}

/** Nobody, and nothing that could be taken for somebody. */
function wall(width, height) {
  const image = new ImageData(width, height);
  for (let i = 0; i < image.data.length; i += 4) image.data.set([70 + (i / 4 / width) % 60, 100, 120, 255], i);
  return image;
}

/** Planes of red, green and blue, 0..255, as the networks are given them. */
function planesOf({ data, width, height }) {
  const planes = new Float32Array(3 * width * height);
  for (let i = 0, n = width * height; i < n; ++i) for (let c = 0; c < 3; ++c) planes[c * n + i] = data[4 * i + c];
  return planes;
}

const bytesAt = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/** mask: the address of a network that sees the picture at its own size; what it finds is painted. */
async function startTempera({ url, mask, width, height, threads, build, precision }) {
  const where = mask ? { mask: { model: await bytesAt(mask), width, height } } : {};
  const t = await Tempera.load({ model: await bytesAt(url), threads, build, precision, maxMemoryMB: 1024, ...where });
  const image = mask ? wall(width, height) : picture(width, height);
  await t.prepare(width, height);
  let last;
  return {
    about: { version: `tempera-web ${t.info.version}`, build: t.info.build, kernel: t.info.kernel, threads: t.info.threads,
      memory_mb: t.info.memoryMB },
    async run() {
      last = await t.paint(image);
      if (mask && last.data.some((byte, i) => byte !== image.data[i])) throw new Error('the mask network found somebody');
      return t.stats.lastMs; // by the worker's clock: pixels in, painting, pixels out
    },
    output: () => planesOf(last),
    close: () => t.close(),
  };
}

async function startPeer({ kind, url, width, height, threads }) {
  const [script, type] = workers[kind];
  const worker = new Worker(script, { type });
  const ask = (message) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data));
    worker.onerror = (event) => reject(new Error(event.message || `${script} did not start`));
    worker.postMessage(message);
  });
  const about = await ask({ type: 'start', model: await bytesAt(url), input: planesOf(picture(width, height)), width, height, threads });
  return {
    about,
    run: async () => (await ask({ type: 'run' })).ms,
    output: async () => (await ask({ type: 'output' })).output,
    close: () => worker.terminate(),
  };
}

/** what: { name, kind: 'tempera' | 'ort' | 'tf', url, width, height, threads, build?, precision? }. */
export async function start(what) {
  const engine = await (what.kind === 'tempera' ? startTempera(what) : startPeer(what));
  engines.set(what.name, engine);
  return engine.about;
}

/** Milliseconds of one run. */
export const run = (name) => engines.get(name).run();

/** The largest difference between two engines' last outputs, in steps of 8 bits, and the PSNR, as pixels and as numbers. */
export async function compare(one, other) {
  const [a, b] = [await engines.get(one).output(), await engines.get(other).output()];
  if (a.length !== b.length) throw new Error(`${one} gives ${a.length} numbers, ${other} ${b.length}`);
  const pixel = (x) => Math.min(255, Math.max(0, Math.round(x)));
  let worst = 0, worstNumber = 0, sum = 0, inside = 0;
  for (let i = 0; i < a.length; ++i) {
    const difference = Math.abs(pixel(a[i]) - pixel(b[i]));
    worst = Math.max(worst, difference);
    worstNumber = Math.max(worstNumber, Math.abs(a[i] - b[i]));
    sum += difference * difference;
    if (b[i] > 0 && b[i] < 255) ++inside;
  }
  const psnr = sum === 0 ? null : 10 * Math.log10((255 * 255 * a.length) / sum);
  return { worst, worst_number: worstNumber, psnr_db: psnr, inside_share: inside / a.length };
}

export function close(name) {
  engines.get(name)?.close();
  engines.delete(name);
}
