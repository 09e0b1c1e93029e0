// A dropped film is painted to its last frame, with its sound, whatever of WebCodecs the browser has.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { browser, ffmpeg, filmClip, openBefore, probe, scratch, server, visit } from './page_server.mjs';

openBefore();

const words = (page, id) => page.locator(id).textContent();

async function openFilm(page, file) {
  await page.setInputFiles('#file', file);
  await page.waitForSelector('#film-start:not([hidden])');
}

async function paint(page, name) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 90000 }), page.click('#film-start')]);
  const file = path.join(scratch, name);
  await download.saveAs(file);
  return file;
}

function streamsOf(file) {
  const { streams } = probe(file, '-count_frames', '-show_streams');
  return { video: streams.find((s) => s.codec_type === 'video'), audio: streams.find((s) => s.codec_type === 'audio') };
}

// Digest of the packets of sound, as they lie in the file.
function sound(file) {
  const run = spawnSync(
    'ffmpeg',
    ['-nostdin', '-v', 'error', '-i', file, '-map', '0:a', '-c', 'copy', '-f', 'md5', '-'],
    { encoding: 'utf8' },
  );
  return run.stdout.trim();
}

const times = (file) =>
  probe(file, '-select_streams', 'v', '-show_entries', 'frame=pts_time').frames.map((f) => Number(f.pts_time));

// How far the painting's mean colour at a time is from the source's: tells whether frames stand where they stood.
function frameAt(file, seconds) {
  const run = spawnSync('ffmpeg', [
    '-nostdin',
    '-v',
    'error',
    '-ss',
    String(seconds),
    '-i',
    file,
    '-frames:v',
    '1',
    '-vf',
    'scale=16:12',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'gray',
    '-',
  ]);
  return [...run.stdout];
}

describe('a film', () => {
  it('is painted to its last frame, each at its time, with its sound untouched', async () => {
    const clip = filmClip();
    const { page, context, errors } = await visit(browser, server.url);
    await openFilm(page, clip);
    assert.match(await words(page, '#film-line'), /73 frames, 320 × 240, sound is kept/);
    const file = await paint(page, 'painted.mp4');
    const { video, audio } = streamsOf(file);
    assert.equal(Number(video.nb_read_frames), 73);
    assert.deepEqual([video.width, video.height, audio.codec_name], [320, 240, 'aac']);
    assert.equal(sound(file), sound(clip));
    const [was, is] = [times(clip), times(file)];
    was.forEach((t, i) => assert.ok(Math.abs(t - is[i]) < 0.002, `frame ${i}: ${t} became ${is[i]}`));
    assert.match(await words(page, '#film-line'), /Done: 73 frames/);
    assert.notDeepEqual(frameAt(file, 0.1), frameAt(file, 2.8));
    assert.deepEqual(errors, []);
    await context.close();
  });

  it('keeps WebM, Opus, odd sizes, uneven times and a turned picture', async () => {
    const clip = path.join(scratch, 'odd.webm');
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=321x181:rate=30:duration=1.5',
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1.5',
      '-vf',
      "select='not(eq(mod(n,7),3))'",
      '-fps_mode',
      'vfr',
      '-c:v',
      'libvpx',
      '-c:a',
      'libopus',
      clip,
    );
    const turned = path.join(scratch, 'turned.mp4');
    ffmpeg('-i', filmClip(), '-c', 'copy', '-t', '1', '-metadata:s:v', 'rotate=90', turned);
    for (const [source, size] of [
      [clip, [320, 180]],
      [turned, [320, 240]],
    ]) {
      const { page, context } = await visit(browser, server.url);
      await openFilm(page, source);
      const file = await paint(page, `painted-${path.basename(source)}.mp4`);
      const [a, b] = [streamsOf(source), streamsOf(file)];
      assert.equal(b.video.nb_read_frames, a.video.nb_read_frames);
      assert.deepEqual([b.video.width, b.video.height], size);
      assert.equal(b.audio.codec_name, a.audio.codec_name);
      const rotation = (s) => s.video.side_data_list?.find((d) => d.rotation !== undefined)?.rotation ?? 0;
      assert.equal(rotation(b), rotation(a));
      const [was, is] = [times(source), times(file)];
      was.forEach((t, i) =>
        assert.ok(Math.abs(t - was[0] - is[i] + is[0]) < 0.003, `frame ${i}: ${t} became ${is[i]}`),
      );
      await context.close();
    }
  });

  it('is stepped through where the browser cannot decode it', async () => {
    const { page, context } = await visit(browser, server.url, {
      before: (p) => p.addInitScript(() => delete window.VideoDecoder),
    });
    await openFilm(page, filmClip());
    const file = await paint(page, 'stepped.mp4');
    const { video, audio } = streamsOf(file);
    assert.equal(Number(video.nb_read_frames), 73);
    assert.equal(audio.codec_name, 'aac');
    assert.match(await words(page, '#film-line'), /stepped through/);
    // The same pictures at the same times as when it is decoded.
    for (const at of [0.2, 1.4, 2.8]) {
      const [one, two] = [frameAt(file, at), frameAt(path.join(scratch, 'painted.mp4'), at)];
      const off = one.reduce((sum, v, i) => sum + Math.abs(v - two[i]), 0) / one.length;
      assert.ok(off < 6, `at ${at} s the two are ${off.toFixed(1)} apart`);
    }
    // One that lies on its side comes out upright.
    const turned = path.join(scratch, 'side.mp4');
    ffmpeg('-i', filmClip(), '-c', 'copy', '-t', '0.5', '-metadata:s:v', 'rotate=90', turned);
    await openFilm(page, turned);
    const upright = streamsOf(await paint(page, 'upright.mp4')).video;
    assert.deepEqual([upright.width, upright.height, upright.side_data_list], [240, 320, undefined]);
    await context.close();
  });

  it('is said to be impossible without WebCodecs', async () => {
    const { page, context } = await visit(browser, server.url, {
      before: (p) => p.addInitScript(() => delete window.VideoEncoder),
    });
    await page.setInputFiles('#file', filmClip());
    await page.waitForFunction(() => /only as they play/.test(document.querySelector('#film-line').textContent));
    assert.equal(await page.locator('#film-start').isVisible(), false);
    await context.close();
  });

  it('can be stopped, and painted again', async () => {
    const clip = path.join(scratch, 'long.mp4');
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=640x360:rate=30:duration=20',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      clip,
    );
    const { page, context } = await visit(browser, server.url);
    await openFilm(page, clip);
    await page.click('#film-start');
    await page.waitForFunction(() => document.querySelector('#film-progress').value > 0.01);
    assert.equal(await page.locator('#panel').evaluate((e) => e.inert), true);
    await page.click('#film-stop');
    await page.waitForSelector('#film-start:not([hidden])');
    assert.match(await words(page, '#say'), /Stopped/);
    assert.equal(await page.locator('#panel').evaluate((e) => e.inert), false);
    await openFilm(page, filmClip());
    const file = await paint(page, 'again.mp4');
    assert.equal(Number(streamsOf(file).video.nb_read_frames), 73);
    await context.close();
  });

  it('that is cut off is painted as far as it goes, and that is said', async () => {
    const cases = [
      ['one.webm', ['-c:v', 'libvpx', '-c:a', 'libopus']],
      ['many.webm', ['-c:v', 'libvpx', '-c:a', 'libopus', '-cluster_time_limit', '500']],
      ['front.mp4', ['-c', 'copy', '-movflags', '+faststart']],
    ];
    for (const [name, options] of cases) {
      const whole = path.join(scratch, `whole-${name}`);
      ffmpeg('-i', filmClip(), ...options, whole);
      const short = path.join(scratch, `short-${name}`);
      writeFileSync(short, readFileSync(whole).subarray(0, Math.floor(statSync(whole).size * 0.6)));
      const { page, context, errors } = await visit(browser, server.url);
      await openFilm(page, short);
      const frames = Number(streamsOf(await paint(page, `painted-${name}`)).video.nb_read_frames);
      // One cluster, cut off, is none to a reader of files: the <video> knows better, and thirty a second are taken.
      assert.ok(frames > 20 && frames < (name === 'one.webm' ? 92 : 73), `${name}: ${frames} frames`);
      if (name === 'one.webm')
        assert.match(await words(page, '#film-line'), /sound could not be kept.*stepped through/);
      assert.deepEqual(errors, []);
      if (name === 'front.mp4') assert.match(await words(page, '#film-line'), /more are missing from the file/);
      await context.close();
    }
  });
});
