// Lets two engines take turns on one model and compares them.
//   node interleave.mjs MODEL.onnx WIDTHxHEIGHT THREADS ITERATIONS BENCH_SESSION
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const [model, size, threads, iterations, ours] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));

function start(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(line) {
      child.stdin.write(line + '\n');
      const answer = await lines.next();
      if (answer.done) throw new Error(`${command} ended early`);
      return Number(answer.value);
    },
    stop: () => child.stdin.end(),
  };
}

const engines = {
  tempera: start(ours, [model, size, threads]),
  'onnxruntime 1.30': start(process.execPath, [path.join(here, 'onnxruntime.mjs'), model, size, threads]),
};
const times = Object.fromEntries(Object.keys(engines).map((name) => [name, []]));
// The first rounds pay for page faults and plans: left out.
const warmup = 3;
for (let i = 0; i < warmup + Number(iterations); ++i) {
  for (const [name, engine] of Object.entries(engines)) {
    const ms = await engine.ask('run');
    if (i >= warmup) times[name].push(ms);
  }
}
const memory = await engines.tempera.ask('memory');
for (const engine of Object.values(engines)) engine.stop();

const cpu = os.cpus()[0]?.model ?? 'unknown processor';
const load = os.loadavg()[0].toFixed(2);
console.log(`${path.basename(model)} ${size}, ${threads} threads, ${iterations} rounds; ${cpu}, load ${load}`);
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const result = {};
for (const [name, list] of Object.entries(times)) {
  result[name] = { median: median(list), min: Math.min(...list) };
  const extra = name === 'tempera' ? `, ${memory.toFixed(1)} MiB of activations` : '';
  console.log(`  ${name.padEnd(17)} median ${result[name].median.toFixed(2)} ms, min ${result[name].min.toFixed(2)} ms${extra}`);
}
const peer = result['onnxruntime 1.30'];
const ratio = peer.median / result.tempera.median;
console.log(`  ratio             median ${ratio.toFixed(2)}, min ${(peer.min / result.tempera.min).toFixed(2)} (above 1: Tempera is faster)`);
const file = process.env.TEMPERA_BENCH_JSON;
if (file) {
  const record = { model: path.basename(model), size, threads: Number(threads), cpu, load: Number(load), result, ratio };
  fs.appendFileSync(file, JSON.stringify(record) + '\n');
}
