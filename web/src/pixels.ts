// Pictures of the browser's into the engine's memory and back, in the painting worker.
import { sentenceOf } from './errors.js';
import { isFrame, isPixels, type Pixels, type Result, type Source, type Want } from './protocol.js';

/** As in tempera.h. */
export const Format = { rgba: 0, bgra: 1, nv12: 3, i420: 4 } as const;

/** How a picture lies in memory: offsets from its first byte. Colours by the numbers of H.273. */
export interface Layout {
  format: number;
  width: number;
  height: number;
  matrix: number;
  range: number;
  transfer: number;
  primaries: number;
  planes: { offset: number; stride: number }[];
  bytes: number;
  /** A VideoFrame's own, to be had by copyTo; otherwise it is drawn. */
  copied: boolean;
}

/** This frame's bytes are refused, whatever it said: it has to be drawn. */
export class Uncopyable extends Error {}
// How often copyTo failed in a row, by format: WebKit on Linux refuses those of films. After the third it is not asked.
const refused = new Map<string, number>();
const refusalsAllowed = 3;

const matrices: Record<string, number> = { bt709: 1, bt470bg: 5, smpte170m: 6, 'bt2020-ncl': 9 };
const transfers: Record<string, number> = { bt709: 1, smpte170m: 6, 'iec61966-2-1': 13 };

/** Of what is painted: a frame's own pixels, unless the result could not say that they are not square. */
export function sizeOf(source: Source, want: Want): { width: number; height: number } {
  if (!isFrame(source)) return { width: source.width, height: source.height };
  if (want === 'frame' && isUpright(source)) return pixelsOf(source);
  return isSquare(source) ? turnedPixelsOf(source) : { width: source.displayWidth, height: source.displayHeight };
}

function pixelsOf(frame: VideoFrame): { width: number; height: number } {
  return { width: frame.visibleRect?.width ?? 0, height: frame.visibleRect?.height ?? 0 };
}
function turnedPixelsOf(frame: VideoFrame): { width: number; height: number } {
  const { width, height } = pixelsOf(frame);
  return turnOf(frame) % 180 !== 0 ? { width: height, height: width } : { width, height };
}

/** Whether its pixels are as wide as they are high when they are shown, but for rounding. */
function isSquare(frame: VideoFrame): boolean {
  const { width, height } = turnedPixelsOf(frame);
  const { displayWidth, displayHeight } = frame;
  return Math.abs(displayWidth * height - displayHeight * width) <= Math.max(displayWidth, width, displayHeight, height);
}
function isUpright(frame: VideoFrame): boolean {
  return turnOf(frame) === 0 && !isMirrored(frame);
}

/** Newer browsers' frames may be turned or mirrored when they are shown, which their bytes do not know. */
function turnOf(frame: VideoFrame): number {
  return (frame as { rotation?: number }).rotation ?? 0;
}
function isMirrored(frame: VideoFrame): boolean {
  return (frame as { flip?: boolean }).flip === true;
}

function planesOf(format: number, width: number, height: number): { planes: Layout['planes']; bytes: number } {
  if (format === Format.rgba || format === Format.bgra) {
    return { planes: [{ offset: 0, stride: 4 * width }], bytes: 4 * width * height };
  }
  const halfWidth = (width + 1) >> 1;
  const half = halfWidth * ((height + 1) >> 1);
  const luma = { offset: 0, stride: width };
  const first = width * height;
  if (format === Format.nv12) {
    return { planes: [luma, { offset: first, stride: 2 * halfWidth }], bytes: first + 2 * half };
  }
  const chroma = [first, first + half].map((offset) => ({ offset, stride: halfWidth }));
  return { planes: [luma, ...chroma], bytes: first + 2 * half };
}

export function isSubsampled(format: number): boolean {
  return format >= Format.nv12;
}

export function rgbaLayout(width: number, height: number): Layout {
  const colour = { matrix: 0, range: 0, transfer: 0, primaries: 0 };
  return { format: Format.rgba, width, height, ...colour, ...planesOf(Format.rgba, width, height), copied: false };
}

/** Those whose numbers, taken for sRGB's, look the same. */
function hasUsualPrimaries(frame: VideoFrame, isYuv: boolean): boolean {
  const { primaries } = frame.colorSpace;
  return !primaries || primaries === 'bt709' || (isYuv && (primaries === 'smpte170m' || primaries === 'bt470bg'));
}

/** null: its bytes cannot be had, or mean something that the engine does not know; a canvas has to convert it. */
function frameLayout(frame: VideoFrame, want: Want): Layout | null {
  const names: Record<string, number> = { I420: 4, NV12: 3, RGBA: 0, RGBX: 0, BGRA: 1, BGRX: 1 };
  const format = names[frame.format ?? ''];
  if (format === undefined || !isUpright(frame) || (want !== 'frame' && !isSquare(frame))) return null;
  if ((refused.get(frame.format ?? '') ?? 0) >= refusalsAllowed) return null;
  const colour = frame.colorSpace;
  const isYuv = isSubsampled(format);
  if (!hasUsualPrimaries(frame, isYuv)) return null;
  // Cameras that do not say: browsers show those as BT.601.
  const matrix = !isYuv ? 0 : colour.matrix ? matrices[colour.matrix] : 6;
  const transfer = colour.transfer ? transfers[colour.transfer] : 0;
  if (matrix === undefined || transfer === undefined) return null;
  const { width, height } = pixelsOf(frame);
  const range = !isYuv ? 0 : colour.fullRange ? 2 : 1;
  return { format, width, height, matrix, range, transfer, primaries: 0, ...planesOf(format, width, height), copied: true };
}

export function layoutOf(source: Source, want: Want): Layout {
  const { width, height } = sizeOf(source, want);
  return (isFrame(source) ? frameLayout(source, want) : null) ?? rgbaLayout(width, height);
}

/** What the painting of this layout becomes, when that is a VideoFrame: encoders want what cameras give. */
export function resultLayout(input: Layout, want: Want): Layout {
  return want === 'frame' ? input : rgbaLayout(input.width, input.height);
}

let canvas: OffscreenCanvas | null = null;
/** Holds a small painting while it is enlarged. */
let beside: OffscreenCanvas | null = null;

/** The picture on a canvas of this size. */
function drawn(source: Source | OffscreenCanvas, width: number, height: number): OffscreenCanvasRenderingContext2D {
  if (typeof OffscreenCanvas === 'undefined') {
    throw new Error('this browser has no OffscreenCanvas; give pictures as ImageData');
  }
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('this browser gives workers no canvas to draw on');
  context.globalCompositeOperation = 'copy';
  if ('rgba' in source) context.putImageData(imageOf(source), 0, 0);
  else context.drawImage(source, 0, 0, width, height);
  return context;
}

export function imageOf(pixels: Pixels): ImageData {
  const { rgba, width, height, colorSpace } = pixels;
  return new ImageData(new Uint8ClampedArray(rgba), width, height, { colorSpace });
}

/** Writes the source's bytes as `layout` says, which layoutOf has made of it, or rgbaLayout. */
export async function read(source: Source, layout: Layout, into: Uint8Array<ArrayBufferLike>): Promise<void> {
  if (isPixels(source)) return into.set(new Uint8Array(source.rgba));
  if (isFrame(source) && layout.copied) return copyFrame(source, layout, into);
  into.set(drawn(source, layout.width, layout.height).getImageData(0, 0, layout.width, layout.height).data);
}

async function copyFrame(frame: VideoFrame, layout: Layout, into: Uint8Array<ArrayBufferLike>): Promise<void> {
  const options = { layout: layout.planes };
  const format = frame.format ?? '';
  try {
    await frame.copyTo(into, options);
  } catch {
    const bytes = new Uint8Array(layout.bytes); // browsers that refuse shared memory here
    await frame.copyTo(bytes, options).catch((thrown) => {
      refused.set(format, (refused.get(format) ?? 0) + 1);
      throw new Uncopyable(sentenceOf(thrown));
    });
    into.set(bytes);
  }
  refused.delete(format);
}

/** A smaller copy of the picture, as pixels. */
export function shrunk(source: Source, width: number, height: number): Pixels {
  const whole = isPixels(source) ? enlarged(source, width, height) : drawn(source, width, height);
  const rgba = whole.getImageData(0, 0, width, height).data.buffer as ArrayBuffer;
  return { rgba, width, height, colorSpace: 'srgb' };
}

/** Pixels on a canvas of another size. */
function enlarged(pixels: Pixels, width: number, height: number): OffscreenCanvasRenderingContext2D {
  beside ??= new OffscreenCanvas(pixels.width, pixels.height);
  beside.width = pixels.width;
  beside.height = pixels.height;
  beside.getContext('2d')?.putImageData(imageOf(pixels), 0, 0);
  return drawn(beside, width, height);
}

/** A small painting as the result for a picture of this size. */
export async function enlargedResult(
  painting: Pixels, origin: Origin, want: Want, size: { width: number; height: number },
): Promise<Result> {
  const context = enlarged(painting, size.width, size.height);
  if (want === 'frame') return new VideoFrame(context.canvas, { ...origin.times, ...origin.display });
  if (want === 'bitmap') return createImageBitmap(context.canvas);
  const rgba = context.getImageData(0, 0, size.width, size.height).data.buffer as ArrayBuffer;
  return { rgba, ...size, colorSpace: 'srgb' };
}

/** What the painting takes over from its source, which may be closed by then. */
export interface Origin {
  times: { timestamp: number; duration?: number };
  /** Of pixels that are not square. */
  display: { displayWidth?: number; displayHeight?: number };
  /** Of a VideoFrame whose bytes were read as they are. */
  format: VideoPixelFormat | null;
  colour: VideoColorSpaceInit | null;
  colorSpace: PredefinedColorSpace;
}

export function originOf(source: Source, layout: Layout): Origin {
  const colorSpace = isPixels(source) ? source.colorSpace : 'srgb';
  if (!isFrame(source)) return { times: { timestamp: 0 }, display: {}, format: null, colour: null, colorSpace };
  const { timestamp, duration, format, displayWidth, displayHeight } = source;
  const times = duration === null ? { timestamp } : { timestamp, duration };
  const display = isUpright(source) && !isSquare(source) ? { displayWidth, displayHeight } : {};
  if (!layout.copied) return { times, display, format: null, colour: null, colorSpace };
  return { times, display, format, colour: source.colorSpace.toJSON(), colorSpace };
}

/** The painting, out of the engine's memory. */
export async function write(
  painted: Uint8Array<ArrayBufferLike>, layout: Layout, origin: Origin, want: Want,
): Promise<Result> {
  const { width, height } = layout;
  if (want === 'frame') return frameOf(painted, layout, origin);
  const { colorSpace } = origin;
  const rgba = new Uint8Array(painted).buffer as ArrayBuffer; // a copy: shared memory makes no pictures
  const pixels: Pixels = { rgba, width, height, colorSpace };
  return want === 'data' ? pixels : createImageBitmap(imageOf(pixels));
}

function frameOf(painted: Uint8Array<ArrayBufferLike>, layout: Layout, origin: Origin): VideoFrame {
  const names: Record<number, VideoPixelFormat> = { 4: 'I420', 3: 'NV12', 0: 'RGBA', 1: 'BGRA' };
  const opaque: Record<string, VideoPixelFormat> = { RGBX: 'RGBX', BGRX: 'BGRX' };
  const init: VideoFrameBufferInit = {
    format: opaque[origin.format ?? ''] ?? names[layout.format] ?? 'RGBA',
    codedWidth: layout.width,
    codedHeight: layout.height,
    layout: layout.planes,
    ...origin.times,
    ...origin.display,
  };
  if (origin.colour) init.colorSpace = origin.colour;
  try {
    return new VideoFrame(painted as Uint8Array<ArrayBuffer>, init);
  } catch {
    return new VideoFrame(new Uint8Array(painted), init); // browsers that refuse shared memory here
  }
}
