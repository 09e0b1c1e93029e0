// The package as the page uses it: one style, opened; pictures of the size that the page chose.
import { Tempera, type Parameter, type Progress } from '../../src/index.js';
import { scaler, type Frame } from './scaler.js';
import type { Size } from './sizes.js';

export type { Parameter };

export interface Painted {
  image: ImageBitmap | OffscreenCanvas;
  width: number;
  height: number;
  // In the worker.
  ms: number;
  close(): void;
}

export interface Engine {
  readonly params: readonly Parameter[];
  readonly threads: number;
  // What it was started from, beside the page: to be kept for offline use.
  readonly files: readonly string[];
  // What runs, in words, and why it is not faster where it could be.
  readonly line: string;
  readonly reason: string;
  readonly style: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
  set(name: string, value: number | readonly number[]): void;
  // The frame stays the caller's. live: the next one comes anyway, so this one may be painted smaller and enlarged while a
  // larger memory is made; otherwise it waits for that.
  paint(frame: Frame, size: Size, live: boolean): Promise<Painted>;
  // Never smaller, for an encoder, on a canvas that the next painting takes over: WebKit on Linux encodes black frames of
  // the bitmaps that workers send.
  paintToEncode(frame: Frame, size: Size): Promise<Painted>;
  // Resolves when this size is planned for; rejects where memory does not suffice.
  prepare(size: Size): Promise<void>;
  close(): void;
}

export interface Loading {
  signal: AbortSignal;
  progress(words: string): void;
}

const doing = {
  model: 'Fetching the style',
  engine: 'Starting the painter',
  planning: 'Getting ready for this size',
  calibrating: 'Getting to know the style',
};

// What calibration found of a model, so that it is not looked for again while this page is open.
const found = new Map<string | Blob, Map<string, Uint8Array>>();

function remember(model: string | Blob, key: string, bytes: Uint8Array): void {
  const known = found.get(model) ?? new Map<string, Uint8Array>();
  found.set(model, known.set(key, bytes));
}

// Of the page's own styles it was found when the page was built.
function findingsOf(model: string | Blob): Iterable<[string, Uint8Array]> | string | undefined {
  return found.get(model) ?? (typeof model === 'string' ? model.replace(/\.onnx$/, '.findings.json') : undefined);
}

export async function loadEngine(model: string | Blob, { signal, progress }: Loading): Promise<Engine> {
  const findings = findingsOf(model);
  const tempera = await Tempera.load({
    model,
    signal,
    ...(findings && { findings }),
    onfinding: (key, bytes) => remember(model, key, bytes),
    onprogress: ({ stage, done }: Progress) => {
      progress(done > 0 && done < 1 ? `${doing[stage]}, ${Math.round(done * 100)} %` : doing[stage]);
    },
  });
  return wrap(tempera);
}

function wrap(tempera: Tempera): Engine {
  const { info } = tempera;
  let image: OffscreenCanvas | undefined;
  const threads = info.threads === 1 ? 'one thread' : `${info.threads} threads`;
  return {
    get params() {
      return tempera.params;
    },
    threads: info.threads,
    files: ['painter-worker.js', `tempera-${info.build}${info.engine === 'whole' ? '-whole' : ''}.wasm`],
    line: `Painted here by ${threads}, ${builds[info.build]} (${info.kernel}), ${info.memoryMB} MB.`,
    reason: info.reason,
    style: info.style,
    notices: info.notices,
    set: (name, value) => tempera.set(name, value),
    prepare: ({ width, height }) => tempera.prepare(width, height),
    close: () => tempera.close(),
    async paint(frame, size, live) {
      const image = await inTime(paintAt(frame, size, (picture) => tempera.paint(picture, { live })));
      const { width, height } = image;
      return { image, width, height, ms: tempera.stats.lastMs, close: () => image.close() };
    },
    async paintToEncode(frame, size) {
      const pixels = await inTime(paintAt(frame, size, (picture) => tempera.paint(picture, { as: 'data', live: false })));
      const { width, height } = pixels;
      if (image?.width !== width || image.height !== height) image = new OffscreenCanvas(width, height);
      image.getContext('2d', { alpha: false, willReadFrequently: true })!.putImageData(pixels, 0, 0);
      return { image, width, height, ms: tempera.stats.lastMs, close: () => undefined };
    },
  };
}

const patienceMs = 60000;

// A frame that never comes back must not stop all that would follow.
function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error('no painting came within a minute; choose the style again')),
      patienceMs,
    );
    work.then(resolve, reject).finally(() => clearTimeout(late));
  });
}

const builds = { relaxed: 'relaxed SIMD', simd: 'SIMD128', single: 'SIMD128' };

// As it is, a frame's bytes go to the painter without a detour; of another size, turned or with pixels that are not square,
// it has to be drawn first.
function isOf(frame: Frame, { width, height }: Size): boolean {
  if (frame instanceof ImageBitmap) return frame.width === width && frame.height === height;
  const { displayWidth, displayHeight, visibleRect } = frame;
  const shown = displayWidth === width && displayHeight === height;
  return shown && visibleRect?.width === width && visibleRect.height === height;
}

async function paintAt<T>(frame: Frame, size: Size, paint: (picture: Frame) => Promise<T | null>): Promise<T> {
  const own = isOf(frame, size);
  const picture = own ? frame : await scaler.scale(await copyOf(frame), size);
  try {
    const painted = await paint(picture);
    if (!painted) throw new Error('another frame took its place');
    return painted;
  } finally {
    if (!own) picture.close();
  }
}

async function copyOf(frame: Frame): Promise<Frame> {
  return frame instanceof ImageBitmap ? createImageBitmap(frame) : frame.clone();
}
