// The page's own thread stays free for the visitor while it paints: no task of it takes longer than 8 ms.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, ffmpeg, openBefore, scratch, server, visit } from './page_server.mjs';

openBefore();

const limitMs = 8;

// What the page's thread did meanwhile: the processor's time of each task, which others on this machine do not lengthen,
// and the time on the clock.
async function tasksOf(page, ms) {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await page.waitForTimeout(ms);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const thread = ({ pid, tid }) => `${pid}:${tid}`;
  const mains = traceEvents.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map(thread);
  const tasks = new Map(mains.map((name) => [name, []]));
  for (const e of traceEvents) {
    if (e.ph === 'X' && /RunTask/.test(e.name) && e.tdur !== undefined) tasks.get(thread(e))?.push(e);
  }
  // Other pages of the browser's, such as its start page, do next to nothing.
  return [...tasks.values()].sort((a, b) => b.length - a.length)[0];
}

function report(name, tasks, frames) {
  const longest = (key) => Math.max(...tasks.map((t) => t[key])) / 1000;
  const over = tasks.filter((t) => t.dur > limitMs * 1000).length;
  console.log(
    `${name}: ${frames} frames painted, ${tasks.length} tasks; longest ${longest('tdur').toFixed(1)} ms of processor time, ` +
      `${longest('dur').toFixed(1)} ms by the clock (${over} over ${limitMs} ms)`,
  );
  return longest('tdur');
}

function clip() {
  const file = path.join(scratch, 'hd.mp4');
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30:duration=4', '-pix_fmt', 'yuv420p'];
  ffmpeg(...source, '-c:v', 'libx264', '-preset', 'ultrafast', file);
  return file;
}

describe("the page's thread", () => {
  const cases = [
    ['the sample', async () => undefined],
    [
      'the camera at 640x480',
      async (page) => {
        await page.click('#camera');
        await page.waitForFunction(() => document.querySelector('#camera').getAttribute('aria-pressed') === 'true');
        await page.selectOption('#size', '540');
        await page.waitForFunction(() => document.querySelector('#painted').height === 480);
      },
    ],
    ['a film at 1280x720, painted at 360 lines', async (page) => {
      await page.setInputFiles('#file', clip());
      await page.selectOption('#size', '360');
      await page.waitForSelector('#film-start:not([hidden])');
    }],
  ];
  for (const [name, act] of cases) {
    it(`is free while ${name} is painted`, async () => {
      const { page, context } = await visit(browser, server.url, { contextOptions: { permissions: ['camera'] } });
      await page.evaluate(() => {
        window.shown = 0;
        const context = document.querySelector('#painted').getContext('2d');
        const draw = context.drawImage.bind(context);
        context.drawImage = (...a) => {
          window.shown += 1;
          draw(...a);
        };
      });
      await act(page);
      await page.waitForTimeout(2000);
      const before = await page.evaluate(() => window.shown);
      const tasks = await tasksOf(page, 5000);
      const frames = (await page.evaluate(() => window.shown)) - before;
      assert.ok(frames > 10 && tasks.length > frames, `${frames} frames, ${tasks.length} tasks`);
      assert.ok(report(name, tasks, frames) < limitMs);
      await context.close();
    });
  }
});
