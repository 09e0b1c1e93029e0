// What pages have pictures in, made into what can be handed to a worker. The page keeps what it gave.
import type { Counts } from './counts.js';
import { TemperaError, sentenceOf } from './errors.js';
import { isFrame, type Source } from './protocol.js';
import type { Picture } from './types.js';

const cannot = (thrown: unknown) =>
  new TemperaError('source', `This picture cannot be read (${sentenceOf(thrown)}).`);

/** What the video shows now. */
export async function sourceOfVideo(video: HTMLVideoElement, counts: Counts): Promise<Source> {
  if (video.readyState < 2 || video.videoWidth === 0) {
    throw new TemperaError('source', 'The video shows no picture yet; wait for its loadeddata event.');
  }
  if (typeof VideoFrame !== 'function') return createImageBitmap(video);
  const frame = new VideoFrame(video);
  ++counts.own.opened;
  return frame;
}

export async function sourceOf(picture: Picture, counts: Counts): Promise<Source> {
  try {
    if (isFrame(picture)) {
      const frame = picture.clone();
      ++counts.own.opened;
      return frame;
    }
    if (picture instanceof ImageData) return pixelsOf(picture);
    if (picture instanceof HTMLVideoElement) return await sourceOfVideo(picture, counts);
    return await createImageBitmap(picture);
  } catch (thrown) {
    throw thrown instanceof TemperaError ? thrown : cannot(thrown);
  }
}

function pixelsOf(image: ImageData): Source {
  const data: unknown = image.data;
  if (!(data instanceof Uint8ClampedArray)) {
    throw new TemperaError('source', 'This ImageData has 16 bits a channel; give one of 8 bits.');
  }
  const { width, height, colorSpace } = image;
  return { rgba: new Uint8Array(data).buffer, width, height, colorSpace: colorSpace ?? 'srgb' };
}

/** Of a film or camera, whose next frame comes anyway. */
export function isLive(picture: Picture): boolean {
  return isFrame(picture) || picture instanceof HTMLVideoElement;
}

/** In microseconds; 0 = has none. */
export function timeOf(source: Source): number {
  return isFrame(source) ? source.timestamp : 0;
}
