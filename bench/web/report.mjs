// The browser's tables of docs/performance.md, between its markers, from build/bench-web.json.
import fs from 'node:fs';

const BEGIN = '<!-- written by bench/web/report.mjs: begin -->';
const END = '<!-- browser: end -->';

const fixed = (number, digits) => (Number.isFinite(number) ? number.toFixed(digits) : '-');
const ms = (number) => fixed(number, number < 9.95 ? 2 : number < 99.5 ? 1 : 0);
const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(0)} %` : '-');

function table(head, rows) {
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

// The page says it in words.
function threadsOf({ info = {}, threads }) {
  if (info.words?.includes('one thread')) return '1';
  return String(info.threads ?? threads ?? /by (\d+) threads/.exec(info.words ?? '')?.[1] ?? '-');
}

function cameraTable(cases) {
  const rows = cases.map((c) => [c.name, `${c.width}x${c.height}`, threadsOf(c), String(c.rate), fixed(c.fps, 1), fixed(Math.min(...c.fps_each), 1),
    ms(c.painting_ms.median), ms(c.painting_ms.p99), ms(c.painting_ms.min), String(c.frames)]);
  return table(['what paints', 'size', 'threads', 'camera', 'frames/s', 'worst round', 'painting ms', 'p99', 'min', 'frames'], rows);
}

function processorTable(cases) {
  const named = ['renderer', 'GPU', 'browser'];
  const rest = (p) => Object.entries(p).reduce((sum, [kind, share]) => sum + (named.includes(kind) ? 0 : share), 0);
  const rows = cases.map((c) => [c.name, `${c.width}x${c.height}`, threadsOf(c), fixed(c.fps, 1), percent(c.processor.renderer),
    percent(Math.max(...c.renderer_each)), percent(c.processor.GPU), percent(c.processor.browser), percent(rest(c.processor))]);
  return table(['what paints', 'size', 'threads', 'frames/s', 'renderer', 'worst round', 'GPU process', 'browser process', 'others'], rows);
}

function apartOf(e) {
  if (!e.apart) return '-';
  if (e.kind === 'tf' || e.precision === 'fp32') return `${e.apart.worst} of 255`;
  return e.apart.psnr_db === null ? 'same' : `${fixed(e.apart.psnr_db, 1)} dB`;
}

function turnsTable(results, best, extra) {
  const rows = [];
  for (const result of results) {
    for (const [i, e] of result.engines.entries()) {
      const { median_ms, min_ms } = best(result.engines, e);
      rows.push([i === 0 ? `${result.network} ${result.size}` : '', e.name, String(e.threads ?? 1), ms(e.median_ms), ms(e.min_ms), ms(e.p99_ms),
        fixed(e.median_ms / median_ms, 2), fixed(e.min_ms / min_ms, 2), ...extra.map(([, of]) => of(e)), String(e.rounds)]);
    }
  }
  const heads = ['network', 'engine', 'threads', 'median ms', 'min', 'p99', 'x median', 'x min'];
  return table([...heads, ...extra.map(([head]) => head), 'rounds'], rows);
}

const fastest = (engines) => engines.reduce((a, b) => (b.median_ms < a.median_ms ? b : a));
// Tempera's default with as many threads as the engine of the row.
const isDefault = (e) => e.kind === 'tempera' && e.build === 'relaxed' && e.precision === 'auto';
const likeUs = (engines, { threads }) => engines.find((e) => isDefault(e) && e.threads === threads);
const peersTable = (results) => turnsTable(results, (engines, e) => likeUs(engines, e) ?? engines[0], [['apart from ONNX Runtime', apartOf]]);
// How many times the fastest native one's time.
const nativeTable = (results) => turnsTable(results, (engines) => fastest(engines.filter((e) => e.kind === 'native')), []);

function memoryTable(cases) {
  const megabytes = (x) => fixed(x, 1);
  const rows = cases.map((c) => [c.name, `${c.width}x${c.height}`, fixed(c.module_mb, 0), megabytes(c.plan_mb),
    megabytes(c.page_mb.median), megabytes(c.page_mb.max), megabytes(c.page_mb.drift),
    fixed(c.renderer_mb.median, 0), megabytes(c.renderer_mb.drift), fixed(c.seconds, 0)]);
  return table(['what paints', 'size', 'module MB', 'its plan', 'page MB', 'most', 'drift', 'renderer MB', 'drift', 'seconds'], rows);
}

function firstTable(cases) {
  const rows = cases.map((c) => [c.name, threadsOf(c), fixed(c.median_ms, 0), fixed(c.min_ms, 0), fixed(c.most_ms, 0), String(c.each.length)]);
  return table(['what is opened', 'threads', 'first painting ms', 'least', 'most', 'visits'], rows);
}

const sections = {
  first: ['From the address to the first painting, a browser that has never been there', firstTable],
  camera: ['Camera to canvas', cameraTable],
  processor: ['Processor time at 30 frames a second, as a share of one core', processorTable],
  peers: ['Networks beside peers, in turns in one page', peersTable],
  mask: ['Masks, in turns in one page; ONNX Runtime runs the network alone', peersTable],
  native: ['One thread, beside the native engine on SSE4', nativeTable],
  memory: ['Memory while a camera is painted', memoryTable],
};

function versionsOf(rows) {
  const results = Object.values(rows).flatMap((row) => row.results);
  const engines = results.flatMap((r) => r.engines ?? []).filter((e) => e.kind !== 'native');
  const browsers = results.map((r) => `Chromium ${r.chromium}`);
  return [...new Set([...browsers, ...engines.map((e) => e.version)])].join(', ');
}

function kernelsOf(rows) {
  const engines = Object.values(rows).flatMap((row) => row.results).flatMap((r) => [r.info, ...(r.engines ?? [])]);
  const names = engines.filter((e) => e?.build && e.kernel).map((e) => `${e.build} ${e.kernel}`);
  return [...new Set(names)].join(', ');
}

function measuredLine(row, { date, commit, load, error, absent = [] }) {
  const line = `- ${row}: ${date}, commit ${commit}; load average ${fixed(load.before, 1)} before and ${fixed(load.after, 1)} after, processors ` +
    `${fixed(load.busy_percent, 0)} % busy (the bench itself included), ${fixed(load.stolen_percent, 1)} % stolen by the host`;
  const without = absent.length ? `; without ${[...new Set(absent)].join('; ')}` : '';
  return `${line}${without}${error ? `; broken off: ${error}` : ''}`;
}

const dotProducts = { avx_vnni: 'has AVX-VNNI', asimddp: "has ARM's dot product", none: 'has neither AVX-VNNI nor the dot product of ARM' };

export function textOf({ machine: m, rows }) {
  const known = Object.keys(sections).filter((row) => rows[row]);
  const family = m.family ? ` (family ${m.family}, model ${m.model})` : '';
  const lines = [`### ${m.cpu}${family}, ${m.cpus} CPUs, ${dotProducts[m.dot_product]}`, ''];
  lines.push(`${m.system}, ${m.memory_gib} GiB; ${versionsOf(rows)}.`, '');
  const kernels = kernelsOf(rows);
  if (kernels) lines.push(`8-bit kernels: ${kernels}.`, '');
  lines.push(...known.map((row) => measuredLine(row, rows[row])), '');
  for (const row of known) {
    const [title, write] = sections[row];
    if (rows[row].results.length > 0) lines.push(`#### ${title}`, '', write(rows[row].results), '');
  }
  return lines.join('\n');
}

/** Between the markers of a page; a page that does not exist has the tables alone. */
export function writeReport(record, page) {
  const written = textOf(record);
  if (!page.endsWith('performance.md')) return fs.writeFileSync(page, written);
  const text = fs.readFileSync(page, 'utf8');
  const begin = text.indexOf(BEGIN), end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${page} has lost its markers`);
  fs.writeFileSync(page, `${text.slice(0, begin + BEGIN.length)}\n\n${written}\n${text.slice(end)}`);
}
