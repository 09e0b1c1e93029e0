// Draws pictures at the size in which they are painted, off the page's thread: at 1280x720 that takes ten milliseconds
// where a processor draws. And a clock: the timers of a hidden page hardly run, those of its workers do.
import type { FromScaler, ToScaler } from './scaler.js';

interface Scope {
  onmessage: ((event: MessageEvent<ToScaler>) => void) | null;
  postMessage(message: FromScaler, transfer?: Transferable[]): void;
}
const scope = globalThis as unknown as Scope;
const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext('2d', { alpha: false })!;

// As it is shown: turned upright, and its pixels square.
function scaled(frame: VideoFrame | ImageBitmap, width: number, height: number): ImageBitmap {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  context.imageSmoothingQuality = 'medium';
  context.drawImage(frame, 0, 0, width, height);
  return canvas.transferToImageBitmap();
}

scope.onmessage = ({ data }) => {
  if (data.type === 'tick') {
    setTimeout(() => scope.postMessage({ type: 'tick' }), data.afterMs);
    return;
  }
  const { id, frame, width, height } = data;
  try {
    const picture = scaled(frame, width, height);
    scope.postMessage({ type: 'scaled', id, picture }, [picture]);
  } catch (thrown) {
    scope.postMessage({ type: 'failed', id, text: String(thrown) });
  } finally {
    frame.close();
  }
};
