// What was measured on, and how busy it was.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

function read(path) {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

// Ticks of all processors since the start: busy, stolen by the host, all. Zeros off Linux.
function ticks() {
  const numbers = (/^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? '').split(' ').map(Number);
  const all = numbers.slice(0, 8).reduce((sum, n) => sum + n, 0);
  return { all, idle: (numbers[3] ?? 0) + (numbers[4] ?? 0), stolen: numbers[7] ?? 0 };
}

// Call at the start; the function it gives back, called at the end, tells the load between.
export function watchLoad() {
  const before = os.loadavg()[0], start = ticks();
  return () => {
    const end = ticks(), all = Math.max(1, end.all - start.all);
    return {
      before, after: os.loadavg()[0],
      busy_percent: 100 * (1 - (end.idle - start.idle) / all),
      stolen_percent: (100 * (end.stolen - start.stolen)) / all,
    };
  };
}

export function describeMachine(target) {
  const model = os.cpus()[0]?.model?.trim() || 'unknown processor';
  const info = read('/proc/cpuinfo');
  const field = (name) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(info)?.[1];
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    // Not a checkout.
  }
  return {
    cpu: model, family: field('cpu family'), model: field('model'), cpus: os.availableParallelism(), target,
    memory_gib: Math.round(os.totalmem() / 2 ** 30), system: `${os.type()} ${os.release()}`, commit,
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
  };
}

// "amd-epyc-f25m1-2cpu": models of one name differ.
export function slugOf(machine) {
  const name = machine.cpu.toLowerCase().replace(/\(r\)|\(tm\)|cpu|processor|@.*/g, ' ').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
  const stepping = machine.family ? `-f${machine.family}m${machine.model}` : '';
  return `${name}${stepping}-${machine.cpus}cpu`;
}
