// The camera, painted by the package and drawn on a canvas, as a page would have it; and how often that happens.
import { Tempera } from '/dist/index.js';

const shown = [];
let tempera, source, failure = '';

/** Draws each painted frame as it comes. */
async function drawAll(track, canvas) {
  const context = canvas.getContext('2d');
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    context.drawImage(value, 0, 0);
    value.close();
    shown.push(performance.now());
  }
}

/** What paints. rate: frames a second that the camera is asked for. mask, regions: of the package, if any. */
export async function start({ model, build, threads, width, height, rate, mask = null, regions = null }) {
  const video = { width: { exact: width }, height: { exact: height }, frameRate: { ideal: rate } };
  source = (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks()[0];
  tempera = await Tempera.load({ model, build, threads, mask, regions });
  const painted = await tempera.process(source, { onerror: (error) => (failure = error.message) });
  const canvas = Object.assign(document.querySelector('canvas'), { width, height });
  void drawAll(painted, canvas);
  const { frameRate, width: w, height: h } = source.getSettings();
  return { camera: { rate: frameRate, width: w, height: h }, path: tempera.stats.path };
}

/** Frames drawn since the last call, and the package's own words about itself. */
export function seen() {
  if (failure) throw new Error(failure);
  const { painted, dropped, opened, closed, width, height, scaled, crashes, planBytes } = tempera.stats;
  const { build, kernel, threads, memoryMB, version, reason } = tempera.info;
  return { shown: shown.splice(0), stats: { painted, dropped, opened, closed, width, height, scaled, crashes, planBytes },
    info: { build, kernel, threads, memoryMB, version, reason } };
}

export async function stop() {
  await tempera.stop();
  source.stop();
  const { opened, closed } = tempera.stats;
  tempera.close();
  return { left_open: opened - closed };
}
