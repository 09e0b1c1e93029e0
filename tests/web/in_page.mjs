// What the tests run in their pages, in whichever browser.

/** A picture with edges, a gradient and text, the same in every run; as PNG. */
export const drawIn = async ({ width, height }) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const c = canvas.getContext('2d');
  const sky = c.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, '#28507c');
  sky.addColorStop(0.6, '#f0c890');
  sky.addColorStop(1, '#301810');
  c.fillStyle = sky;
  c.fillRect(0, 0, width, height);
  for (let i = 0; i < 40; ++i) {
    c.fillStyle = `hsl(${(i * 47) % 360} 70% ${20 + ((i * 13) % 60)}%)`;
    c.fillRect((i * 67) % width, (i * 41) % height, 8 + ((i * 5) % 40), 6 + ((i * 11) % 30));
  }
  c.font = '40px sans-serif';
  c.fillStyle = '#fff';
  c.fillText('tempera', 40, 120);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  return [...new Uint8Array(await blob.arrayBuffer())];
};

/** window.pixelsOf: the ImageData of a picture that the server has; window.worst: how far two are apart. */
export const compare = () => {
  window.pixelsOf = async (path) => {
    const bitmap = await createImageBitmap(await (await fetch(path)).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height });
    const c = canvas.getContext('2d');
    c.drawImage(bitmap, 0, 0);
    return c.getImageData(0, 0, bitmap.width, bitmap.height);
  };
  window.worst = (a, b) => {
    let worst = 0;
    for (let i = 0; i < a.data.length; ++i) worst = Math.max(worst, Math.abs(a.data[i] - b.data[i]));
    return worst;
  };
};

// The page's side: a camera, and a look at what a track shows.
export const tools = () => {
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  window.later = later;
  window.until = async (what, ms = 8000) => {
    for (const end = performance.now() + ms; performance.now() < end; await later(10)) if (what()) return true;
    return false;
  };
  window.camera = async (width = 320, height = 240) => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width, height } });
    return stream.getVideoTracks()[0];
  };
  window.shown = async (track) => {
    const video = Object.assign(document.createElement('video'), { muted: true });
    video.srcObject = new MediaStream([track]);
    await video.play();
    return video;
  };
  // Mean of each colour over the middle of the picture, and how much neighbours differ.
  window.look = (video) => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    const c = canvas.getContext('2d');
    c.drawImage(video, 0, 0);
    const { data } = c.getImageData(0, 0, canvas.width, canvas.height);
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let k = 0; k < 3; ++k) sum[k] += data[i + k];
    return { width: canvas.width, height: canvas.height, mean: sum.map((s) => (4 * s) / data.length) };
  };
  window.load = (more = {}) => tempera.Tempera.load({ model: '/models/starry-night.onnx', precision: 'fp32', ...more });
};

/** A script that goes before all others: window.said, all that the page or its browser complains of. */
export const listening = `window.said = [];
for (const level of ['error', 'warn']) {
  const real = console[level];
  console[level] = (...words) => {
    said.push(level + ': ' + words.join(' '));
    real.apply(console, words);
  };
}
addEventListener('error', (e) => said.push('uncaught: ' + (e.message || e.target?.src || e.target?.href)), true);
addEventListener('unhandledrejection', (e) => said.push('unhandled: ' + e.reason));
document.addEventListener('securitypolicyviolation', (e) => said.push('policy: ' + e.effectiveDirective));
`;
