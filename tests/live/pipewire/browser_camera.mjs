// What a page in Chromium sees of a camera, which comes through the desktop's portal and PipeWire:
//   node tests/live/pipewire/browser_camera.mjs LABEL FILE FRAMES
// That many frames of the camera called LABEL go to FILE as I420. Chromium is driven by what the page sends back: no
// package is needed for that.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {tmpdir} from 'node:os';
import path from 'node:path';

const [label, file, frames] = process.argv.slice(2);

// In the page.
async function look(label, frames) {
  const say = (name, body) => fetch(`/${name}`, {method: 'POST', body});
  try {
    // Chromium looks for cameras while the page runs already, and has none until it is through.
    let stream = null;
    for (let tries = 0; !stream; ++tries) {
      try {
        stream = await navigator.mediaDevices.getUserMedia({video: true});
      } catch (error) {
        if (error.name !== 'NotFoundError' || tries === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
    const camera = stream.getVideoTracks()[0];
    if (camera.label !== label) throw new Error(`the camera is '${camera.label}', not '${label}'`);
    const reader = new MediaStreamTrackProcessor({track: camera}).readable.getReader();
    const parts = [];
    let first = 0;
    let last = 0;
    while (parts.length < frames) {
      const {value: frame, done} = await reader.read();
      if (done) throw new Error('the camera ended');
      if (frame.format !== 'I420') throw new Error(`frames are ${frame.format}`);
      const {width, height} = frame.visibleRect;
      const bytes = new Uint8Array(width * height * 3 / 2);
      const half = width / 2;
      await frame.copyTo(bytes, {layout: [{offset: 0, stride: width}, {offset: width * height, stride: half},
        {offset: width * height * 5 / 4, stride: half}]});
      parts.push(bytes);
      first ||= frame.timestamp;
      last = frame.timestamp;
      frame.close();
    }
    await say('frames', new Blob(parts));
    await say('done', `${camera.label}: ${parts.length} frames, ${(frames - 1) * 1e6 / (last - first)} a second`);
  } catch (error) {
    await say('failed', String(error));
  }
}

const profile = mkdtempSync(path.join(tmpdir(), 'camera-'));
let chromium;
function end(code, text) {
  console.log(text);
  chromium?.kill('SIGKILL');
  chromium?.once('exit', () => {
    // Its helpers may still write for a moment.
    try {
      rmSync(profile, {recursive: true, force: true, maxRetries: 5, retryDelay: 200});
    } finally {
      process.exit(code);
    }
  });
}
const server = http.createServer((request, response) => {
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html');
    response.end(`<script>(${look})(${JSON.stringify(label)}, ${Number(frames)})</script>`);
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part)).on('end', () => {
    const body = Buffer.concat(parts);
    response.end();
    if (request.url === '/frames') writeFileSync(file, body);
    if (request.url === '/done') end(0, body.toString());
    if (request.url === '/failed') end(1, body.toString());
  });
}).listen(0, '127.0.0.1', () => {
  chromium = spawn(process.env.CHROMIUM ?? '/usr/bin/chromium', [
    '--headless=new', '--no-sandbox', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--disable-quic', '--use-fake-ui-for-media-stream', '--enable-features=WebRtcPipeWireCamera',
    `--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`], {stdio: 'ignore'});
});
setTimeout(() => end(1, 'the page did not answer within 40 seconds'), 40000);
