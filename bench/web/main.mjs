// Speed, processor time and memory in the browser, row by row: see bench/web/run.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, watchLoad } from '../suite/machine.mjs';
import { whatIsMissing } from './browser.mjs';
import { cameraCases, measureCases, processorCases } from './camera_rows.mjs';
import { measureFirst } from './first_row.mjs';
import { measureMemory } from './memory_row.mjs';
import { measureMask, measureNative, measurePeers } from './network_rows.mjs';
import { writeReport } from './report.mjs';
import { root } from './server.mjs';

const rows = {
  first: measureFirst,
  camera: (options) => measureCases(cameraCases, options),
  processor: (options) => measureCases(processorCases, options),
  peers: measurePeers,
  mask: measureMask,
  native: measureNative,
  memory: measureMemory,
};
// quick: whether everything works, on a machine that has other things to do.
const efforts = {
  full: { rounds: 4, seconds: 10, warmSeconds: 3, turnSeconds: 60, turnRounds: 300, memorySamples: 4, firstRounds: 9 },
  quick: { rounds: 1, seconds: 2, warmSeconds: 0.5, turnSeconds: 2, turnRounds: 3, memorySamples: 1, firstRounds: 2 },
};

const { values: options } = parseArgs({
  options: {
    build: { type: 'string', default: 'build/test' },
    only: { type: 'string', default: Object.keys(rows).join(',') },
    quick: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
});
const wanted = options.only.split(',');
const unknown = wanted.find((row) => !rows[row]);
if (unknown !== undefined) fail(`there is no row '${unknown}'; known are ${Object.keys(rows).join(', ')}`);

function fail(why) {
  console.error(`bench/web/run: ${why}`);
  process.exit(1);
}

function describe() {
  const machine = describeMachine();
  const flags = (/^(?:flags|Features)\s*: (.*)$/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ');
  // What the relaxed 8-bit dot product becomes one instruction by.
  return { ...machine, dot_product: ['avx_vnni', 'asimddp'].find((flag) => flags.includes(flag)) ?? 'none' };
}

const rounded = (key, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value);

/** Writes after each row: what was measured is not lost when a later one fails. Rows of another machine are not kept. */
class Record {
  constructor(file) {
    this.file = file;
    this.machine = describe();
    const earlier = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
    const { cpu, family, model, cpus } = earlier.machine ?? {};
    const same = cpu === this.machine.cpu && family === this.machine.family && model === this.machine.model && cpus === this.machine.cpus;
    this.rows = same ? earlier.rows : {};
  }

  keep(row, { results, absent, load, error }) {
    const { date, commit } = this.machine;
    this.rows[row] = { date, commit, load, absent, results, ...(error ? { error } : {}) };
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    const text = JSON.stringify({ machine: this.machine, rows: this.rows }, rounded, 1);
    fs.writeFileSync(`${this.file}.new`, `${text}\n`);
    fs.renameSync(`${this.file}.new`, this.file);
  }
}

// A row that breaks off keeps what it had measured until then, and says so; one that had nothing leaves the file alone.
async function measureRow(row, record, common) {
  console.log(`\n${row}`);
  const absent = [], endLoad = watchLoad();
  const hear = (why) => {
    absent.push(why);
    console.log(`  without ${why}`);
  };
  let soFar = [];
  const keep = (results, error) => record.keep(row, { results: (soFar = results), absent, load: endLoad(), error });
  try {
    keep(await rows[row]({ ...common, absent: hear, done: (results) => keep(results) }));
    return true;
  } catch (error) {
    const why = error.message.split('\n')[0];
    console.error(`bench/web/run: ${row}: ${why}`);
    if (soFar.length > 0) keep(soFar, why);
    return false;
  }
}

const file = path.join(root, `build/bench-web${options.quick ? '-quick' : ''}.json`);
const page = path.join(root, options.quick ? 'build/bench-web-quick.md' : 'docs/performance.md');
let good = true;
if (!options.report) {
  const missing = whatIsMissing();
  if (missing) fail(missing);
  const nets = fs.mkdtempSync(path.join(os.tmpdir(), 'tempera-bench-web-'));
  try {
    const effort = efforts[options.quick ? 'quick' : 'full'];
    const turns = ['peers', 'mask', 'native'];
    const record = new Record(file);
    for (const row of wanted) {
      const common = { ...effort, nets, threads: 2, build: path.resolve(root, options.build), say: (text) => console.log(text),
        data: process.env.TEMPERA_TEST_DATA ?? path.resolve(root, '../shared/data') };
      if (turns.includes(row)) Object.assign(common, { seconds: effort.turnSeconds, rounds: effort.turnRounds });
      good = (await measureRow(row, record, common)) && good;
    }
  } finally {
    fs.rmSync(nets, { recursive: true });
  }
  console.log(`\nwrote ${path.relative(root, file)}`);
}
if (!fs.existsSync(file)) fail(`there is no ${path.relative(root, file)}: measure first`);
writeReport(JSON.parse(fs.readFileSync(file, 'utf8')), page);
console.log(`wrote ${path.relative(root, page)}`);
process.exit(good ? 0 : 1);
