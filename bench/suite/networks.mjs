// Whole networks, ours beside the peers.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { ourEngine, peerEngines } from './engines.mjs';
import { interleave, start } from './turns.mjs';

// Networks of known shapes with random weights, at the sizes that their papers and programs use.
const GENERATED = [['johnson', '856x480'], ['small', '856x480'], ['tiny', '640x480']];
// The same without a norm that gathers, and of depthwise-separable convolutions.
const GENERATED_PLAIN = [['batchnorm', '640x480'], ['fast-scnn', '576x384'], ['mobilenetv3-unet', '640x480'],
  ['person', '256x256']];
// Of the test data, each at its own size.
const PUBLIC = [['candy_nc16_256x256', '256x256'], ['mosaic_nc16_256x256', '256x256'], ['SINet', '320x320'],
  ['prisma_nchw', '256x256'], ['deeplab_v3_257_voc21', '257x257'], ['ultraface_RFB-320', '320x240']];

const GENERATED_FOR_PHOTOS = [['johnson', '320x240'], ['small', '320x240'], ['tiny', '320x240'], ['batchnorm', '320x256'],
  ['fast-scnn', '384x192'], ['mobilenetv3-unet', '320x256']];
const RANDOM_NETWORKS = 60;
const PUBLIC_FOR_PHOTOS = [['candy_nc16_256x256', '256x256', '0..255'], ['mosaic_nc16_256x256', '256x256', '0..255'],
  ['rain-princess_nc16_256x256', '256x256', '0..255'], ['SINet', '320x320', '-2..2'], ['SINet_Softmax', '320x320', '-2..2'],
  ['prisma_nchw', '256x256', '0..1'], ['deeplab_v3_257_voc21', '257x257', '-1..1'], ['ultraface_RFB-320', '320x240', '-1..1'],
  ['SINet', '320x320', '0..255'], ['deeplab_v3_257_voc21', '257x257', '0..255'], ['ultraface_RFB-320', '320x240', '0..255']];

// {name, file, qdq?, size} of what there is here: generated, bundled, and public ones of the test data.
export function findNetworks({ build, root, data, scratch }) {
  const make = (name, size, extra = []) => {
    const file = path.join(scratch, `${[name, size, ...extra].join('-')}.onnx`);
    execFileSync(path.join(build, 'bench_make_net'), [name, file, size, ...extra]);
    return file;
  };
  const list = GENERATED.map(([name, size]) => ({ name, size, file: make(name, size), qdq: make(name, size, ['qdq']) }));
  // The bundled styles share one shape: one stands for all.
  const bundled = fs.readdirSync(path.join(root, 'models')).filter((f) => f.endsWith('.onnx')).sort();
  for (const file of bundled.slice(-1)) {
    list.push({ name: path.basename(file, '.onnx'), size: '640x360', file: path.join(root, 'models', file) });
  }
  for (const [name, size] of GENERATED_PLAIN) list.push({ name, size, file: make(name, size) });
  for (const [name, size] of PUBLIC) {
    const file = path.join(data, 'models/onnx', `${name}.onnx`);
    if (fs.existsSync(file)) list.push({ name: name.replace(/_\d+x\d+$/, ''), size, file });
  }
  return list;
}

// FILE@WxH@LOW..HIGH of every network here whose auto is held up against fp32 on photographs (bench_photos): the
// public ones with the numbers that they were trained on.
export function findPhotoNetworks({ build, root, data, scratch }) {
  const make = (name, size) => {
    const file = path.join(scratch, `${name}.onnx`);
    execFileSync(path.join(build, 'bench_make_net'), [name, file, size]);
    return `${file}@${size}`;
  };
  const list = fs.readdirSync(path.join(root, 'models')).filter((f) => f.endsWith('.onnx')).sort().map((f) => path.join(root, 'models', f));
  for (const [name, size] of GENERATED_FOR_PHOTOS) list.push(make(name, size));
  for (let seed = 1; seed <= RANDOM_NETWORKS; ++seed) list.push(make(`random${seed}`, '256x192'));
  for (const [name, size, range] of PUBLIC_FOR_PHOTOS) {
    const file = path.join(data, 'models/onnx', `${name}.onnx`);
    if (fs.existsSync(file)) list.push(`${file}@${size}@${range}`);
  }
  return list;
}

// One network: every engine that is there, in turns. `say` hears who is missing and why.
export async function measureNetwork(network, { build, threads, precisions, seconds, without, target, ncnn }, say) {
  const what = { ...network, threads, ncnn };
  const engines = precisions.map((precision) => ourEngine(build, { ...what, precision, target }));
  for (const peer of peerEngines(what)) {
    if (without?.test(peer.name)) say(`${peer.name}: left out by --without`);
    else engines.push(peer);
  }
  const workers = [];
  for (const engine of engines) {
    const worker = await start(engine, say);
    if (!worker) continue;
    // Some load a network that they then cannot run.
    try {
      await worker.ask('run');
      workers.push(worker);
    } catch (error) {
      say(`${engine.name}: ${error.message}`);
      worker.stop();
    }
  }
  if (workers.length === 0) return undefined;
  const results = await interleave(workers, { seconds });
  for (const [i, worker] of workers.entries()) Object.assign(results[i], JSON.parse(await worker.ask('facts')));
  let peaks;
  for (const [i, worker] of workers.entries()) {
    if (!worker.name.startsWith('Tempera')) continue;
    const { roof_ms, ...ceilings } = JSON.parse(await worker.ask('peaks'));
    results[i].roof_ms = roof_ms;
    peaks ??= ceilings;
  }
  for (const worker of workers) worker.stop();
  return { name: network.name, size: network.size, threads, gmac: results[0].gmac, peaks, engines: results };
}

export function printNetwork(result, say) {
  say(`\n${result.name} ${result.size}, ${result.threads} threads, ${result.gmac.toFixed(2)} GMAC`);
  const ours = result.engines.find((e) => e.name.startsWith('Tempera'));
  for (const e of result.engines) {
    const ratio = e === ours ? '' : `, ${(e.median_ms / ours.median_ms).toFixed(2)} times ${ours.name} (min ${(e.min_ms / ours.min_ms).toFixed(2)})`;
    say(`  ${e.name.padEnd(20)} median ${e.median_ms.toFixed(1).padStart(8)} ms, min ${e.min_ms.toFixed(1).padStart(8)}, ` +
      `computing ${e.cpu_min_ms.toFixed(1).padStart(8)}, ${e.peak_mib.toFixed(0).padStart(5)} MiB, ${e.rounds} rounds${ratio}`);
  }
}
