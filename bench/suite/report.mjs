// Writes the tables of docs/performance.md, between its markers, from bench/results/*.json.
//   node bench/suite/report.mjs
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const BEGIN = '<!-- written by bench/suite/report.mjs: begin -->';
const END = '<!-- end -->';

const fixed = (number, digits) => (Number.isFinite(number) ? number.toFixed(digits) : '-');
const ms = (number) => fixed(number, number < 9.95 ? 2 : number < 99.5 ? 1 : 0);
const percent = (number) => (Number.isFinite(number) ? `${(100 * number).toFixed(0)} %` : '-');

function table(head, rows) {
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

function networkTable(record) {
  const rows = [];
  for (const network of record.networks) {
    const ours = network.engines.filter((e) => e.name.startsWith('Tempera'));
    const best = ours.reduce((a, b) => (b.min_ms < a.min_ms ? b : a), ours[0]);
    for (const [i, e] of network.engines.entries()) {
      const speed = network.gmac / e.min_ms * 1e3;
      const share = e.roof_ms ? `${percent(e.roof_ms / e.min_ms)} of roof` : `${percent(speed / network.peaks?.gmac_per_s.fp32)} of fp32`;
      rows.push([i === 0 ? `${network.name} ${network.size}` : '', e.name, ms(e.median_ms), ms(e.min_ms), ms(e.p90_ms), ms(e.cpu_min_ms),
        fixed(speed, 1), share, fixed(e.peak_mib, 0), fixed(e.median_ms / best.median_ms, 2), fixed(e.min_ms / best.min_ms, 2),
        fixed(e.cpu_min_ms / best.cpu_min_ms, 2), String(e.rounds)]);
    }
  }
  return table(['network', 'engine', 'median ms', 'min', 'p90', 'computing', 'GMAC/s', 'share', 'peak MiB', 'x median', 'x min', 'x computing', 'rounds'], rows);
}

function layerTable(layers) {
  return table(['layer', 'precision', 'kernel', 'ms', 'GMAC/s', 'share of roof', 'oneDNN ms', 'x oneDNN'],
    layers.map((l) => [l.layer, l.precision, l.kernel, ms(l.ms), fixed(l.gmac_per_s, 1), percent(l.roof_share),
      l.onednn_ms ? ms(l.onednn_ms) : '-', l.onednn_ms ? fixed(l.onednn_ms / l.ms, 2) : '-']));
}

function accuracyTable(accuracy) {
  const columns = [...new Set(accuracy.map((a) => `${a.target} ${a.precision}`))];
  const pictures = new Map();
  for (const a of accuracy) {
    const key = `${a.model}|${a.frame} ${a.size}`;
    if (!pictures.has(key)) pictures.set(key, {});
    pictures.get(key)[`${a.target} ${a.precision}`] = a;
  }
  return table(['model', 'frame', ...columns], [...pictures].map(([key, row]) => [...key.split('|'), ...columns.map((c) => {
    const a = row[c];
    return !a ? '-' : a.why ? a.why : a.psnr_db >= 150 ? 'same' : a.psnr_db.toFixed(1);
  })]));
}

// Those that auto leaves in fp32 are named behind the table.
function photoTable(photos) {
  const low = photos.filter((p) => p.chosen !== 'fp32'), exact = photos.filter((p) => p.chosen === 'fp32');
  const db = (x) => (x >= 150 ? 'same' : x.toFixed(1));
  const rows = low.map((p) => [p.network, p.size, p.range, p.chosen, db(p.promised_db), db(p.worst_db), db(p.median_db), db(p.own_worst_db)]);
  const random = exact.filter((p) => /^random\d+$/.test(p.network)).length;
  const names = exact.filter((p) => !/^random\d+$/.test(p.network)).map((p) => `${p.network} (${p.range})`);
  return table(['network', 'size', 'pictures', 'auto', 'built-in scenes', 'worst', 'median', 'worst, own peak'], rows) +
    `\n\nfp32, hence the same: ${[...names, `${random} random networks`].join(', ')}.`;
}

function section(record) {
  const m = record.machine, lines = [];
  const versions = [...new Set((record.networks ?? []).flatMap((n) => n.engines.map((e) => e.version)))].join(', ');
  lines.push(`## ${m.cpu}${m.family ? ` (family ${m.family}, model ${m.model})` : ''}, ${m.cpus} CPUs, ${m.target}`, '');
  lines.push(`${m.system}, ${m.memory_gib} GiB; ${versions}.`, '');
  for (const [part, { date, commit, load }] of Object.entries(record.measured ?? {})) {
    lines.push(`- ${part}: ${date}, commit ${commit}; load average ${fixed(load.before, 1)} before and ${fixed(load.after, 1)} after, processors ` +
      `${fixed(load.busy_percent, 0)} % busy (the bench itself included), ${fixed(load.stolen_percent, 1)} % stolen by the host`);
  }
  lines.push('');
  const units = Object.entries(record.peaks.gmac_per_s).map(([name, speed]) => `${name} ${fixed(speed, 0)}`).join(', ');
  lines.push(`Ceilings, ${record.peaks.threads} threads: ${units} GMAC/s; reading ${fixed(record.peaks.read_gb_per_s, 1)} GB/s.`, '');
  if (record.networks) {
    lines.push(`### Networks, ${record.threads} threads, in turns`, '', networkTable(record), '');
    if (record.absent?.length) {
      const reasons = [...new Set(record.absent.map((a) => a.replace(/^[^:]*: /, '').slice(0, 120)))];
      lines.push(`Absent: ${reasons.join('; ')}.`, '');
    }
  }
  if (record.layers) lines.push('### Convolutions, one thread, beside oneDNN in the same process', '', layerTable(record.layers), '');
  if (record.thread_scaling) {
    lines.push('### One thread to two', '', table(['network', 'precision', '1 thread ms', '2 threads ms', 'speedup of min', 'of median', 'computing of 2 over 1'],
      record.thread_scaling.map((r) => [`${r.net} ${r.size}`, r.precision, ms(r.one_ms), ms(r.two_ms), fixed(r.speedup, 2), fixed(r.median_speedup, 2), fixed(r.cpu_growth, 2)])), '');
  }
  if (record.scaling) {
    lines.push('### Cost against frame size (bundled shape)', '', table(['precision', 'size', 'min ms', 'median ms', 'ns per pixel', 'computing, ns per pixel'],
      record.scaling.map((r) => [r.precision, r.size, ms(r.min_ms), ms(r.median_ms), fixed(r.ns_per_pixel, 1), fixed(r.cpu_ns_per_pixel, 1)])), '');
  }
  if (record.big) {
    lines.push('### The full network (johnson) at 1920x1080', '', table(['precision', 'ms', 'activations, planned MiB', 'peak of the process MiB'],
      record.big.map((r) => [r.precision, ms(r.min_ms), fixed(r.activation_mib, 0), fixed(r.peak_mib, 0)])), '');
  }
  if (record.accuracy) lines.push('### Accuracy: PSNR against the plain fp32 loops, dB', '', accuracyTable(record.accuracy), '');
  if (record.photos) lines.push(`### Auto beside fp32 on ${record.photos[0].photographs} photographs, PSNR in dB`, '', photoTable(record.photos), '');
  return lines.join('\n');
}

const folder = path.join(root, 'bench/results');
const records = fs.readdirSync(folder).filter((f) => f.endsWith('.json')).sort().map((f) => JSON.parse(fs.readFileSync(path.join(folder, f), 'utf8')));
const page = path.join(root, 'docs/performance.md');
const text = fs.readFileSync(page, 'utf8');
const begin = text.indexOf(BEGIN), end = text.indexOf(END);
if (begin < 0 || end < begin) throw new Error(`${page} has lost its markers`);
fs.writeFileSync(page, text.slice(0, begin + BEGIN.length) + '\n\n' + records.map(section).join('\n') + '\n' + text.slice(end));
console.log('wrote docs/performance.md');
