// A small copy of what a new style painted first.
import type { Live } from './live.js';
import type { View } from './view.js';

// Undefined where nothing was painted within a minute, or another style was chosen.
export async function thumbnail(live: Live, view: View): Promise<string | undefined> {
  const engine = live.engine;
  const came = await new Promise<boolean>((resolve) => {
    const before = live.painted;
    const end = (isPainted: boolean) => {
      clearTimeout(late);
      live.painted = before;
      resolve(isPainted);
    };
    const late = setTimeout(() => end(false), 60000);
    live.painted = () => end(live.engine === engine);
  });
  if (!came) return undefined;
  const canvas = document.createElement('canvas');
  const { width, height } = view.painted;
  Object.assign(canvas, { width: 256, height: Math.round((256 * height) / width) });
  canvas.getContext('2d')?.drawImage(view.painted, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8));
  return blob ? URL.createObjectURL(blob) : undefined;
}
