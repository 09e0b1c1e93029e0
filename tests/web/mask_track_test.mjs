// Mask and picture belong to the same frame: a bright marker jumps over a dark picture, and only it is painted. Each
// painted frame says by its own pixels which one it is; nothing but that frame's marker may be painted in it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, hasBuild, open, unlessInCi, whatIsMissing } from './browser.mjs';
import { tools } from './in_page.mjs';
import { maskNet } from './mask_net.mjs';
import * as safari from './safari_shim.mjs';

const skip = whatIsMissing() || unlessInCi(!hasBuild('relaxed-whole') && 'web/dist has no tempera-relaxed-whole.wasm');
const timeout = 120000;
after(closeBrowser);

const net = { '/dist/mask-person.onnx': maskNet() };
const paths = {
  chrome: {},
  canvas: { before: 'delete window.MediaStreamTrackProcessor; delete window.MediaStreamTrackGenerator;' },
  safari: { before: safari.inPage, replace: { '/dist/pump-worker.js': (bytes) => safari.inWorker + bytes } },
};

/** In the page: frames with a marker, drawn; and what is wrong with a painting of one. */
const markers = () => {
  const [width, height, side, bits, margin] = [320, 240, 56, 8, 14];
  const at = (k) => ({ x: (k * 97) % (width - side), y: 30 + ((k * 61) % (height - side - 40)) });
  window.newCanvas = () => Object.assign(document.createElement('canvas'), { width, height });
  window.drawMarker = (canvas, k) => {
    const c = canvas.getContext('2d', { willReadFrequently: true });
    c.fillStyle = '#181818';
    c.fillRect(0, 0, width, height);
    for (let i = 0; i < 40; ++i) {
      c.fillStyle = `rgb(${40 + ((i * 7) % 30)} 40 ${40 + ((i * 11) % 30)})`;
      c.fillRect((i * 53) % width, 30 + ((i * 31) % (height - 30)), 30, 20);
    }
    for (let i = 0; i < bits; ++i) {
      c.fillStyle = (k >> i) & 1 ? '#606060' : '#000';
      c.fillRect(i * 20, 0, 20, 20);
    }
    const { x, y } = at(k);
    c.fillStyle = '#fff';
    c.fillRect(x, y, side, side);
    c.fillStyle = '#dcd2e6';
    c.fillRect(x + 10, y + 10, 18, 36);
    return c.getImageData(0, 0, width, height);
  };
  window.numberOf = ({ data }) => {
    let k = 0;
    for (let i = 0; i < bits; ++i) if (data[4 * (10 * width + i * 20 + 10) + 1] > 48) k |= 1 << i;
    return k;
  };
  const source = window.newCanvas();
  // '' when it is as it should be.
  window.wrong = (painting) => {
    const k = window.numberOf(painting);
    const picture = window.drawMarker(source, k);
    const { x, y } = at(k);
    let [inside, insides, outside, outsides] = [0, 0, 0, 0];
    for (let i = 0; i < picture.data.length; i += 4) {
      const [px, py] = [(i / 4) % width, (i / 4 / width) | 0];
      const by = Math.max(...[0, 1, 2].map((c) => Math.abs(picture.data[i + c] - painting.data[i + c])));
      const within = (m) => px >= x - m && px < x + side + m && py >= y - m && py < y + side + m;
      if (within(-margin)) [inside, insides] = [inside + by, insides + 1];
      // Tracks may halve their colours, which shows where blocks meet.
      else if (!within(margin)) [outside, outsides] = [outside + (by > 60 ? 1 : 0), outsides + 1];
    }
    if (inside / insides < 20) return `frame ${k}: its marker is not painted (${(inside / insides).toFixed(1)})`;
    if (outside > outsides / 1000) return `frame ${k}: ${outside} pixels are painted beside its marker`;
    return '';
  };
};

async function opened({ before = '', replace = {} } = {}) {
  const o = await open({ before, replace: { ...net, ...replace } });
  await o.page.evaluate(tools);
  await o.page.evaluate(markers);
  return o;
}

test('the mask of the frame before is found out', { skip, timeout }, async () => {
  const o = await opened();
  try {
    const seen = await o.page.evaluate(async () => {
      const t = await window.load();
      const canvas = window.newCanvas();
      const masked = await window.load({ mask: 'person' });
      const seen = [];
      for (const k of [3, 4]) {
        const picture = window.drawMarker(canvas, k);
        seen.push(window.wrong(await masked.paint(picture)));
        const [whole, mask] = [await t.paint(picture), window.drawMarker(canvas, k - 1)];
        const late = new ImageData(picture.data.slice(), picture.width, picture.height);
        for (let i = 0; i < late.data.length; ++i) if (mask.data[i - (i % 4)] > 128) late.data[i] = whole.data[i];
        seen.push(window.wrong(late));
      }
      t.close();
      masked.close();
      return seen;
    });
    assert.deepEqual([seen[0], seen[2]], ['', '']);
    for (const late of [seen[1], seen[3]]) assert.match(late, /not painted|beside its marker/);
  } finally {
    await o.close();
  }
});

for (const path of Object.keys(paths)) {
  for (const hold of [0, 1]) {
    test(`${path}, hold ${hold}: mask and picture are 0 frames apart`, { skip, timeout }, async () => {
      const o = await opened(paths[path]);
      try {
        const seen = await o.page.evaluate(async ({ path, hold }) => {
          const t = await window.load({ mask: { model: 'person', hold } });
          await t.prepare(320, 240);
          const canvas = window.newCanvas();
          window.drawMarker(canvas, 1);
          const track = canvas.captureStream(0).getVideoTracks()[0];
          const out = await t.process(track, { path });
          const video = Object.assign(document.createElement('video'), { muted: true, srcObject: new MediaStream([out]) });
          const shown = window.newCanvas().getContext('2d', { willReadFrequently: true });
          const frames = new Map();
          const look = () => {
            shown.drawImage(video, 0, 0, 320, 240);
            const painting = shown.getImageData(0, 0, 320, 240);
            frames.set(window.numberOf(painting), window.wrong(painting));
          };
          for (let k = 1; k <= 40; ++k) {
            window.drawMarker(canvas, k);
            const before = t.stats.painted;
            track.requestFrame();
            if (k === 1) void video.play();
            await window.until(() => t.stats.painted > before, 2000);
            await window.later(60);
            if (video.readyState >= 2) look();
          }
          const { path: taken } = t.stats;
          track.stop();
          t.close();
          return { taken, count: frames.size, wrong: [...frames.values()].filter((words) => words !== '') };
        }, { path, hold });
        assert.equal(seen.taken, path);
        assert.ok(seen.count >= 20, `${seen.count} of 40 frames were seen`);
        assert.deepEqual(seen.wrong, []);
      } finally {
        await o.close();
      }
    });
  }
}
