// Engines as child processes that take turns: one iteration each, round after round.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// ONNX Runtime's threads spin on for some 50 ms behind a run: with 15 ms of rest, whoever came next took 1.4 times as long.
const kRestMs = 60;

// A worker behind the protocol of bench_session; undefined where the engine is not there (`why` hears the reason).
export async function start({ name, command, args, env, absent }, why = () => {}) {
  if (absent) {
    why(`${name}: ${absent}`);
    return undefined;
  }
  let child;
  try {
    child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  } catch (error) {
    why(`${name}: ${error.message}`);
    return undefined;
  }
  const failed = new Promise((done) => child.on('error', (error) => done({ value: `absent ${error.message}` })));
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = () => Promise.race([lines.next(), failed]);
  const first = (await next()).value ?? 'absent it ended without a word';
  if (!first.startsWith('ready ')) {
    why(`${name}: ${first.replace(/^absent /, '')}`);
    child.kill();
    return undefined;
  }
  return {
    name,
    version: first.slice(6),
    async ask(line) {
      child.stdin.write(line + '\n');
      const answer = await next();
      if (answer.done || answer.value.startsWith('absent ')) throw new Error(`${name} ended early`);
      return answer.value;
    },
    stop: () => child.stdin.end(),
  };
}

export const median = (list) => quantile(list, 0.5);
// The smallest number that a share of them do not exceed.
export function quantile(list, share) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

// Runs the workers in turns until `seconds` are over (at least `least` rounds, at most `most`). The first iteration of
// each is left out. One that takes more than four times the fastest sits two rounds of three out.
// Between turns everybody rests, so that nobody's spinning threads are in the next one's time.
export async function interleave(workers, { seconds, least = 3, most = 100 }) {
  const wall = new Map(workers.map((w) => [w, []]));
  const cpu = new Map(workers.map((w) => [w, []]));
  const turn = async (worker, keep) => {
    await sleep(kRestMs);
    const [ms, cpuMs] = (await worker.ask('run')).split(' ').map(Number);
    if (!keep) return;
    wall.get(worker).push(ms);
    cpu.get(worker).push(cpuMs);
  };
  for (const worker of workers) await turn(worker, false);
  const end = performance.now() + seconds * 1e3;
  for (let round = 0; round < most && (round < least || performance.now() < end); ++round) {
    const fastest = Math.min(...workers.map((w) => (wall.get(w).length ? Math.min(...wall.get(w)) : Infinity)));
    for (const worker of workers) {
      const mine = wall.get(worker);
      if (round % 3 !== 0 && mine.length && Math.min(...mine) > 4 * fastest) continue;
      await turn(worker, true);
    }
  }
  return workers.map((worker) => {
    const times = wall.get(worker);
    return {
      name: worker.name, version: worker.version, rounds: times.length, median_ms: median(times),
      min_ms: Math.min(...times), p90_ms: quantile(times, 0.9), p99_ms: quantile(times, 0.99), cpu_min_ms: Math.min(...cpu.get(worker)),
    };
  });
}
