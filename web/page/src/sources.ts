// What is painted: the camera, a film or picture from a file, or the sample. One <video> serves all that moves.
import { cameraLost, cameraMissing, cameraWords, fileWords } from './words.js';

export interface Source {
  kind: 'camera' | 'film' | 'picture' | 'sample';
  name: string;
  // As it is now: a phone that is turned changes them.
  readonly width: number;
  readonly height: number;
  // One of the two.
  video?: HTMLVideoElement;
  bitmap?: ImageBitmap;
  file?: File;
  // Frames per second that are wanted at most.
  rate: number;
  // A camera that looks away from the visitor: its pictures are no mirror.
  away?: boolean;
  close(): void;
}

// An error that is meant for the visitor as it stands.
export class Told extends Error {}

function ready(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => (video.videoWidth > 0 ? resolve() : reject(new Error('it holds no pictures')));
    video.addEventListener('loadeddata', done, { once: true, signal });
    video.addEventListener('error', () => reject(new Error('it cannot be played')), { once: true, signal });
    // A stream's first frame may come late; that of a file which cannot be decoded, never.
    setTimeout(() => reject(new Error('no frame came')), 12000);
  });
}

function clear(video: HTMLVideoElement): void {
  video.pause();
  video.srcObject = null;
  video.removeAttribute('src');
  video.load();
}

async function start(video: HTMLVideoElement, put: () => void): Promise<void> {
  const over = new AbortController();
  clear(video);
  try {
    const loaded = ready(video, over.signal);
    put();
    await loaded;
    // Refused where the browser saves energy or wants a gesture first: Play then starts it.
    await video.play().catch(() => undefined);
  } finally {
    over.abort();
  }
}

function moving(video: HTMLVideoElement, rest: Omit<Source, 'width' | 'height'>): Source {
  return {
    ...rest,
    get width() {
      return video.videoWidth;
    },
    get height() {
      return video.videoHeight;
    },
  };
}

// Another source was asked for while this one was on its way: the <video> is that one's now.
export class Overtaken extends Error {}

export async function openCamera(
  video: HTMLVideoElement,
  device: string,
  wanted: () => boolean,
  lost: (words: string) => void,
): Promise<Source> {
  if (!navigator.mediaDevices?.getUserMedia) throw new Told(cameraMissing);
  const picture: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  if (device) picture.deviceId = { exact: device };
  else picture.facingMode = 'user';
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: picture, audio: false });
  } catch (error) {
    throw new Told(cameraWords(error));
  }
  const track = stream.getVideoTracks()[0]!;
  const close = () => {
    track.onended = null;
    for (const t of stream.getTracks()) t.stop();
    if (video.srcObject === stream) clear(video);
  };
  if (!wanted()) {
    close();
    throw new Overtaken();
  }
  try {
    await start(video, () => (video.srcObject = stream));
  } catch {
    close();
    throw new Told('The camera gives no picture. Close other programs that use it, then press Camera again.');
  }
  track.onended = () => {
    close();
    lost(cameraLost);
  };
  const { frameRate, facingMode } = track.getSettings();
  const away = facingMode === 'environment';
  return moving(video, { kind: 'camera', name: track.label, video, rate: frameRate || 30, away, close });
}

export async function cameras(): Promise<MediaDeviceInfo[]> {
  const all = await navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
  return (all ?? []).filter((d) => d.kind === 'videoinput' && d.deviceId);
}

async function openVideo(video: HTMLVideoElement, blob: Blob, name: string, kind: Source['kind']): Promise<Source> {
  const url = URL.createObjectURL(blob);
  video.loop = true;
  video.muted = true;
  const close = () => {
    if (video.src === url) clear(video);
    URL.revokeObjectURL(url);
  };
  try {
    await start(video, () => (video.src = url));
  } catch (error) {
    close();
    throw error;
  }
  const source = moving(video, { kind, name, video, rate: 30, close });
  if (blob instanceof File) source.file = blob;
  return source;
}

async function openPicture(blob: Blob, name: string, kind: Source['kind']): Promise<Source> {
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' });
  return { kind, name, width: bitmap.width, height: bitmap.height, bitmap, rate: 1, close: () => bitmap.close() };
}

export async function openFile(video: HTMLVideoElement, file: File): Promise<Source> {
  if (file.type.startsWith('image/')) {
    return openPicture(file, file.name, 'picture').catch(() => {
      throw new Told(fileWords(file.name));
    });
  }
  return openVideo(video, file, file.name, 'film').catch(() => {
    throw new Told(fileWords(file.name));
  });
}

export async function openSample(video: HTMLVideoElement, urls: string[], wanted: () => boolean): Promise<Source> {
  for (const url of urls) {
    try {
      const answer = await fetch(url);
      if (!answer.ok) continue;
      const blob = await answer.blob();
      if (!wanted()) break;
      if (url.endsWith('.jpg')) return await openPicture(blob, 'Sample', 'sample');
      return await openVideo(video, blob, 'Sample', 'sample');
    } catch {
      // The next one: a clip that this browser cannot play has a picture beside it.
    }
  }
  if (!wanted()) throw new Overtaken();
  throw new Told('The sample is not there. Use the camera, or open a film or a picture.');
}
