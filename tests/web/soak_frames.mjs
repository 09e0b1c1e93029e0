// Very many frames through one painter, in every form that goes in and comes out: none may stay open, the module's
// memory may not grow, nor the page's. By hand: tests/soak web.
//   TEMPERA_FRAMES=100000 node tests/web/soak_frames.mjs
import assert from 'node:assert/strict';
import { closeBrowser, open, whatIsMissing } from './browser.mjs';

const missing = whatIsMissing();
if (missing) throw new Error(missing);
const frames = Number(process.env.TEMPERA_FRAMES ?? 100000);
const parts = 10;

const { page, said, close } = await open();
await page.evaluate(async () => {
  window.t = await tempera.Tempera.load({ model: '/models/starry-night.onnx' });
  const size = { width: 96, height: 64 };
  const canvas = Object.assign(document.createElement('canvas'), size);
  const context = canvas.getContext('2d');
  const yuv = new Uint8Array((size.width * size.height * 3) / 2);
  window.paintMany = async (count) => {
    for (let i = 0; i < count; ++i) {
      context.fillStyle = `hsl(${i % 360} 60% 50%)`;
      context.fillRect(0, 0, 96, 64);
      const options = { format: 'I420', codedWidth: size.width, codedHeight: size.height, timestamp: 1e4 * i };
      const source = i % 3 === 0 ? new VideoFrame(yuv.fill(i % 256), options)
        : i % 3 === 1 ? await createImageBitmap(canvas) : context.getImageData(0, 0, 96, 64);
      if (i % 7 === 0) window.t.set('strength', (i % 100) / 100);
      const painting = await window.t.paint(source, i % 2 ? { as: 'data' } : {});
      painting.close?.();
      source.close?.();
    }
    const { opened, closed, crashes } = window.t.stats;
    gc();
    return { open: opened - closed, crashes, moduleMB: window.t.info.memoryMB, heapMB: performance.memory.usedJSHeapSize / 1048576 };
  };
});
const seen = [];
for (let i = 0; i < parts; ++i) {
  seen.push(await page.evaluate((count) => window.paintMany(count), Math.ceil(frames / parts)));
  const { open: left, moduleMB, heapMB } = seen.at(-1);
  console.log(`${Math.ceil((frames * (i + 1)) / parts)} frames: ${left} open, module ${moduleMB} MB, heap ${heapMB.toFixed(1)} MB`);
}
assert.ok(seen.every(({ open: left, crashes }) => left === 0 && crashes === 0), JSON.stringify(seen));
assert.equal(new Set(seen.map(({ moduleMB }) => moduleMB)).size, 1, 'the module took more memory');
assert.ok(seen.at(-1).heapMB < seen[1].heapMB + 4, `the heap grew from ${seen[1].heapMB} to ${seen.at(-1).heapMB} MB`);
assert.deepEqual(said, []);
await close();
await closeBrowser();
