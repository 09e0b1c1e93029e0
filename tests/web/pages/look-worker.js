// Says of a track what its next frame shows: size, and the mean of each colour.
onmessage = async ({ data: track }) => {
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  const { value: frame } = await reader.read();
  const { displayWidth: width, displayHeight: height } = frame;
  const c = new OffscreenCanvas(width, height).getContext('2d');
  c.drawImage(frame, 0, 0);
  frame.close();
  const { data } = c.getImageData(0, 0, width, height);
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) for (let k = 0; k < 3; ++k) sum[k] += data[i + k];
  postMessage({ width, height, mean: sum.map((s) => (4 * s) / data.length) });
  track.stop();
  close();
};
