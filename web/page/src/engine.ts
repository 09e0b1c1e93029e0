// The package as the page uses it: one style, opened; pictures of the size that the page chose.
import { Tempera, type Mask, type Parameter, type Progress, type Regions } from '../../src/index.js';
import { scaler, type Frame } from './scaler.js';
import type { Size } from './sizes.js';

export type { Parameter };

// What is painted where; a mask of null: the style paints everything.
export interface Shown {
  mask: Mask | null;
  regions: Regions | null;
}

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
  readonly isMasked: boolean;
  set(name: string, value: number | readonly number[]): void;
  // Paints so once it can; rejects, and paints as before, where it cannot.
  show(shown: Shown): Promise<void>;
  // What comes next does not follow from what was painted.
  cut(): void;
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
  shown: Shown;
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

export async function loadEngine(model: string | Blob, { signal, shown, progress }: Loading): Promise<Engine> {
  const findings = findingsOf(model);
  const tempera = await Tempera.load({
    model,
    signal,
    ...shown,
    ...(findings && { findings }),
    onfinding: (key, bytes) => remember(model, key, bytes),
    onprogress: ({ stage, done }: Progress) => {
      progress(done > 0 && done < 1 ? `${doing[stage]}, ${Math.round(done * 100)} %` : doing[stage]);
    },
  });
  return wrap(tempera, shown);
}

function wrap(tempera: Tempera, first: Shown): Engine {
  const { info } = tempera;
  let image: OffscreenCanvas | undefined;
  let now = keyOf(first);
  return {
    get params() {
      return tempera.params;
    },
    threads: info.threads,
    files: ['painter-worker.js', `tempera-${info.build}${info.engine === 'whole' ? '-whole' : ''}.wasm`],
    get line() {
      const { threads, build, kernel, memoryMB } = tempera.info;
      const by = threads === 1 ? 'one thread' : `${threads} threads`;
      return `Painted here by ${by}, ${builds[build]} (${kernel}), ${memoryMB} MB.`;
    },
    get reason() {
      return tempera.info.reason;
    },
    style: info.style,
    notices: info.notices,
    get isMasked() {
      return tempera.mask !== null;
    },
    set: (name, value) => tempera.set(name, value),
    async show(shown) {
      const wanted = keyOf(shown);
      if (wanted === now) return;
      Object.assign(tempera, shown);
      await tempera.masked;
      now = wanted;
    },
    cut: () => void tempera.reset().catch(() => undefined),
    // A film that is begun while mask or regions change is painted with the new ones from its first frame on.
    async prepare({ width, height }) {
      await tempera.masked.catch(() => undefined);
      await tempera.prepare(width, height);
    },
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

// Files are told apart by number: their text says nothing.
const files = new Map<unknown, number>();
function keyOf(shown: Shown): string {
  return JSON.stringify(shown, (_, value: unknown) => {
    if (!(value instanceof Blob)) return value;
    files.set(value, files.get(value) ?? files.size);
    return files.get(value);
  });
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
