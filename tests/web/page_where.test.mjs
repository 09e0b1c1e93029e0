// The switch above the styles: all of the picture, the person, or the background, and a style for each. A network for which
// the bright is a person; a scripted visitor goes through the positions with mouse and keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { maskNet } from './mask_net.mjs';
import { ffmpeg, figure, figurePicture, launch, maskFiles, probe, scratch, serve, visit, wall } from './page_server.mjs';

const net = maskNet();
const files = () => maskFiles(net);
const film = path.join(scratch, 'figure.mp4');

let picture;
let server;
let browser;
before(async () => {
  picture = figurePicture();
  // It jumps to and fro with every frame.
  const jump = `drawgrid=w=16:h=16:color=0x384858,split[a][b];[a]${figure(20)}[l];[b]${figure(220)}[r];[l][r]blend=all_expr='if(mod(N,2),B,A)'`;
  ffmpeg('-f', 'lavfi', '-i', `${wall}:duration=1.2`, '-vf', jump, '-c:v', 'libx264', '-crf', '12', '-pix_fmt', 'yuv420p', film);
  server = await serve({ files: files() });
  browser = await launch({ camera: false });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const words = (page, id) => page.locator(id).textContent();
const settled = (page, what) => page.waitForFunction((text) => new RegExp(text).test(document.querySelector('#painted').getAttribute('aria-label')), what, { timeout: 40000 });

// How much the painted picture differs from the file's, in the figure and beside it.
async function differs(page) {
  const url = `data:image/png;base64,${readFileSync(picture).toString('base64')}`;
  return page.evaluate(async (from) => {
    const image = new Image();
    image.src = from;
    await image.decode();
    const c = new OffscreenCanvas(320, 240).getContext('2d');
    c.drawImage(image, 0, 0);
    const [raw, now] = [c.getImageData(0, 0, 320, 240).data, document.querySelector('#painted').getContext('2d').getImageData(0, 0, 320, 240).data];
    const mean = (from, to) => {
      let [sum, count] = [0, 0];
      for (let y = 80; y < 240; y += 1) {
        for (let x = from; x < to; x += 1) {
          for (let k = 0; k < 3; k += 1) sum += Math.abs(raw[4 * (320 * y + x) + k] - now[4 * (320 * y + x) + k]);
          count += 3;
        }
      }
      return sum / count;
    };
    return { figure: mean(136, 184), wall: Math.max(mean(0, 104), mean(216, 320)) };
  }, url);
}

// Until it is as the function says, for a painting that is on its way.
async function comes(page, is, what) {
  let last;
  for (let tries = 0; tries < 100; tries += 1) {
    last = await differs(page);
    if (is(last)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`${what}: ${JSON.stringify(last)}`);
}
const onlyFigure = (d) => d.figure > 8 && d.wall < 0.5;
const onlyWall = (d) => d.figure < 0.5 && d.wall > 8;
const both = (d) => d.figure > 8 && d.wall > 8;

async function still(page) {
  await page.setInputFiles('#file', picture);
  await page.waitForFunction(() => document.querySelector('#pause').hidden && document.querySelector('#painted').width === 320);
}

describe('the switch', () => {
  it('is not there where there is no network that finds people', async () => {
    const bare = await serve({ files: { '/styles.json': JSON.stringify({ ...JSON.parse(files()['/styles.json']), mask: false }) } });
    const { page, context } = await visit(browser, bare.url);
    assert.equal(await page.locator('#where').isVisible(), false);
    await context.close();
    await bare.close();
  });

  it('paints all, the person, the background, and a style for each', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await still(page);
    await comes(page, both, 'all of it');
    assert.equal(asked.some((url) => /mask|whole/.test(url)), false, 'what finds people is fetched before it is asked for');
    await page.locator('#where label').nth(1).click();
    await settled(page, '^The person is painted in the style of The Starry Night, the background is as it is$');
    await comes(page, onlyFigure, 'the person');
    assert.equal(await words(page, '#styles legend'), 'Style of the person');
    assert.match(await words(page, '#say'), /^The person is painted/);
    await page.screenshot({ path: path.join(scratch, 'where-person.png') });
    await page.locator('#where label').nth(2).click();
    await settled(page, '^The background is painted in the style of The Starry Night, the person is as it is$');
    await comes(page, onlyWall, 'the background');
    await page.locator('.style', { hasText: 'The Great Wave' }).first().click();
    await settled(page, '^The background is painted in the style of The Great Wave');
    await comes(page, onlyWall, 'the background in another style');
    await page.selectOption('#rest', { label: 'The Starry Night' });
    await settled(page, 'the person is in the style of The Starry Night$');
    await comes(page, both, 'two styles');
    await page.screenshot({ path: path.join(scratch, 'where-both.png') });
    await page.selectOption('#rest', 'blur');
    await settled(page, 'the person is blurred$');
    await page.locator('#where label').nth(1).click();
    await settled(page, '^The person is painted in the style of The Great Wave off Kanagawa, the background is blurred$');
    await page.selectOption('#rest', 'none');
    await settled(page, 'the background is as it is$');
    await comes(page, onlyFigure, 'the person again');
    await page.locator('#where label').nth(0).click();
    await settled(page, '^The picture, painted in the style of The Starry Night$');
    await comes(page, both, 'all of it again');
    assert.equal(await page.locator('#rest-line').isVisible(), false);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('is told by screen readers and worked by keys; what was turned belongs to its place', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await still(page);
    const group = page.getByRole('group', { name: 'Paint' });
    assert.deepEqual(await group.getByRole('radio').evaluateAll((all) => all.map((r) => r.parentElement.textContent)), ['All', 'Person', 'Background']);
    await group.getByRole('radio', { name: 'All' }).focus();
    await page.keyboard.press('ArrowRight');
    await settled(page, '^The person is painted');
    assert.equal(await group.getByRole('radio', { name: 'Person' }).isChecked(), true);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'rest');
    assert.equal(await page.getByRole('combobox', { name: 'Background' }).count(), 1);
    const seen = await page.evaluate(() => getComputedStyle(document.querySelector('#rest')).outlineStyle);
    assert.notEqual(seen, 'none');
    const strength = page.getByRole('slider', { name: 'Strength' });
    await strength.fill('0');
    await comes(page, (d) => d.figure < 0.5 && d.wall < 0.5, 'no strength');
    await page.locator('#where label').nth(0).click();
    await settled(page, '^The picture');
    assert.equal(await strength.inputValue(), '1');
    await comes(page, both, 'all of it at its own strength');
    await page.locator('#where label').nth(1).click();
    await settled(page, '^The person is painted');
    assert.equal(await strength.inputValue(), '0');
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('says what is missing, goes back, and paints on', async () => {
    const bare = await serve({ files: files(), missing: ['mask-person.onnx'] });
    const { page, context } = await visit(browser, bare.url);
    await still(page);
    await page.locator('#where label').nth(1).click();
    await page.waitForFunction(() => document.querySelector('#alert').textContent !== '');
    assert.match(await words(page, '#alert'), /mask network for people could not be fetched: the server says 404/);
    assert.equal(await page.locator('#where input').first().isChecked(), true);
    assert.equal(await words(page, '#styles legend'), 'Style');
    await comes(page, both, 'all of it, still');
    await context.close();
    await bare.close();
  });

  it('holds for sizes, snapshots, the divider and other sources', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await page.locator('#where label').nth(1).click();
    await settled(page, '^The person is painted');
    await still(page);
    await comes(page, onlyFigure, 'a picture that was opened later');
    await page.selectOption('#size', '180');
    await page.waitForFunction(() => document.querySelector('#painted').height === 180);
    await page.selectOption('#size', '270');
    await page.waitForFunction(() => document.querySelector('#painted').height === 240);
    await comes(page, onlyFigure, 'another size and back');
    await page.locator('#divider').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#snapshot')]);
    const saved = path.join(scratch, 'figure-snapshot.png');
    await download.saveAs(saved);
    const { width, height } = probe(saved, '-show_streams').streams[0];
    assert.deepEqual([width, height], [320, 240]);
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('paints a whole film, whose mask is that of every frame', async () => {
    const { page, context, errors } = await visit(browser, server.url);
    await page.locator('#where label').nth(1).click();
    await settled(page, '^The person is painted');
    await page.setInputFiles('#file', film);
    await page.waitForSelector('#film-start:not([hidden])');
    await page.click('#film-start');
    await page.waitForSelector('#film-save:not([hidden])', { timeout: 60000 });
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#film-save')]);
    const saved = path.join(scratch, 'figure-painted.mp4');
    await download.saveAs(saved);
    assert.equal(wrongFrames(saved).join(), '');
    assert.deepEqual(errors, []);
    await context.close();
  });
});

// Grey values of a film's frames, as ffmpeg reads them.
function greys(file) {
  const to = path.join(scratch, 'frames.gray');
  ffmpeg('-i', file, '-f', 'rawvideo', '-pix_fmt', 'gray', to);
  const all = readFileSync(to);
  return Array.from({ length: all.length / (320 * 240) }, (_, i) => all.subarray(i * 320 * 240, (i + 1) * 320 * 240));
}

// Frames in which not exactly the figure is painted: beside it they are the film's, but for what two encoders do.
function wrongFrames(saved) {
  const [before, after] = [greys(film), greys(saved)];
  assert.equal(after.length, before.length);
  const mean = (i, from) => {
    let sum = 0;
    for (let y = 80; y < 230; y += 1) for (let x = from; x < from + 60; x += 1) sum += Math.abs(before[i][320 * y + x] - after[i][320 * y + x]);
    return sum / (150 * 60);
  };
  return before.flatMap((_, i) => {
    const isLeft = before[i][320 * 150 + 60] > 128;
    const [figure, wall] = isLeft ? [mean(i, 30), mean(i, 230)] : [mean(i, 230), mean(i, 30)];
    return figure > 6 && wall < 3 ? [] : [`${i}: figure ${figure.toFixed(1)}, wall ${wall.toFixed(1)}`];
  });
}
