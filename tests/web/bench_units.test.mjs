// What the browser's benchmark reads and writes, without a browser.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { centreOnGrey } from '../../bench/web/grey_output.mjs';
import { readGraph } from '../../bench/web/pages/onnx_graph.mjs';
import { textOf, writeReport } from '../../bench/web/report.mjs';
import { root } from '../../bench/web/server.mjs';

const style = path.join(root, 'models/the-scream.onnx');
const bytesOf = (file) => new Uint8Array(readFileSync(file));

function inFolder(run) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tempera-bench-'));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the reader of .onnx files', () => {
  it('reads nodes, attributes and constants of a bundled style', () => {
    const graph = readGraph(bytesOf(style));
    assert.deepEqual([graph.inputs, graph.outputs], [['input'], ['output']]);
    assert.equal(graph.metadata['tempera.style'], 'the-scream');
    const first = graph.nodes.find((node) => node.operator === 'Conv');
    assert.deepEqual(first.attributes.strides, [2, 2]);
    const weights = graph.constants.get(first.inputs[1]);
    assert.deepEqual(weights.shape, [16, 3, 5, 5]);
    assert.equal(weights.values.length, 1200);
    assert.ok(weights.values.every((v) => Number.isFinite(v) && Math.abs(v) < 10));
    const pad = graph.nodes[0];
    assert.deepEqual(graph.constants.get(pad.inputs[1]).values, [0, 0, 2, 2, 0, 0, 2, 2]);
  });

  it('changes the last convolution in the file, and nothing else', () => {
    inFolder((folder) => {
      const file = path.join(folder, 'net.onnx');
      writeFileSync(file, bytesOf(style));
      centreOnGrey(file);
      const [before, after] = [style, file].map((f) => readGraph(bytesOf(f)));
      const [weights, bias] = after.nodes.at(-1).inputs.slice(1);
      for (const [name, { values }] of before.constants) {
        const now = after.constants.get(name).values;
        if (name === bias) assert.ok(now.every((v) => v === 127.5));
        else if (name === weights) assert.ok(now.every((v, i) => Math.abs(v - 40 * values[i]) < 1e-4));
        else assert.deepEqual(now, values);
      }
    });
  });
});

describe('the report', () => {
  const load = { before: 1, after: 2, busy_percent: 50, stolen_percent: 0 };
  const engine = (name, kind, median_ms, more = {}) =>
    ({ name, kind, threads: 2, version: `${kind} 1.0`, median_ms, min_ms: median_ms / 2, p99_ms: 2 * median_ms, rounds: 3, ...more });
  const engines = [engine('Tempera', 'tempera', 10, { build: 'relaxed', precision: 'auto', kernel: 'k' }), engine('Peer', 'ort', 45)];
  const record = {
    machine: { cpu: 'A processor', cpus: 2, dot_product: 'avx_vnni', system: 'Linux', memory_gib: 24 },
    rows: { peers: { date: 'today', commit: 'abc', load, absent: ['johnson: why'],
      results: [{ network: 'net', size: '1x1', chromium: '1', engines }] } },
  };

  it('says how many times as long a peer takes, what was measured on, and what is absent', () => {
    const text = textOf(record);
    assert.match(text, /\| Peer \| 2 \| 45\.0 \| 22\.5 \| 90\.0 \| 4\.50 \| 4\.50 \|/);
    assert.match(text, /A processor, 2 CPUs, has AVX-VNNI/);
    assert.match(text, /Chromium 1, tempera 1\.0, ort 1\.0/);
    assert.match(text, /without johnson: why/);
  });

  it('writes between the markers, and refuses a page that has lost them', () => {
    inFolder((folder) => {
      const page = path.join(folder, 'performance.md');
      writeFileSync(page, 'no markers\n');
      assert.throws(() => writeReport(record, page), /markers/);
      const whole = readFileSync(path.join(root, 'docs/performance.md'), 'utf8');
      writeFileSync(page, whole);
      writeReport(record, page);
      const written = readFileSync(page, 'utf8');
      assert.notEqual(written, whole);
      assert.match(written, /A processor, 2 CPUs/);
      const upToMarker = (text) => text.split('<!-- written by bench/web/report.mjs: begin -->')[0];
      assert.equal(upToMarker(written), upToMarker(whole));
      assert.ok(written.endsWith(whole.slice(whole.indexOf('<!-- browser: end -->'))));
    });
  });
});
