// What the page, the painting worker and the pump say to each other.
import type { Build, Precision } from './types.js';

/** Pixels that come without an object of the browser's: RGBA, rows without gaps. */
export interface Pixels {
  readonly rgba: ArrayBuffer;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: PredefinedColorSpace;
}
export type Source = VideoFrame | ImageBitmap | Pixels;
export type Result = VideoFrame | ImageBitmap | Pixels;
/** What the painting becomes. */
export type Want = 'frame' | 'bitmap' | 'data';

export interface StartMessage {
  type: 'start';
  build: Build;
  wasmUrl: string;
  /** Compiled before, for a restart. */
  module: WebAssembly.Module | null;
  threads: number;
  memoryMB: number;
  maxMemoryMB: number;
  precision: Precision;
  statistics: number;
  findings: [string, Uint8Array][];
  /** Plan for this size at once. */
  size: { width: number; height: number } | null;
  /** Where helpers say that they died, which the painter cannot hear while it paints. */
  channel: string;
}
/** Behind start, when it has arrived: the module is compiled meanwhile. */
export interface ModelMessage {
  type: 'model';
  bytes: Uint8Array;
}
export interface FrameMessage {
  type: 'frame';
  id: number;
  source: Source;
  want: Want;
  /** Of a film or camera: may be painted smaller where the memory does not suffice. */
  live: boolean;
  timeUs: number;
}
export interface PrepareMessage {
  type: 'prepare';
  id: number;
  width: number;
  height: number;
}
export interface SetMessage {
  type: 'set';
  index: number;
  values: number[];
}
/** Another sender of frames: the pump. */
export interface PortMessage {
  type: 'port';
  port: MessagePort;
}
export interface ResetMessage {
  type: 'reset';
}
export interface HelpMessage {
  type: 'help';
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  stack: number;
  tls: number;
  thread: number;
  channel: string;
}
export type ToPainter =
  | StartMessage | ModelMessage | FrameMessage | PrepareMessage | SetMessage | PortMessage | ResetMessage | HelpMessage;

export interface ParameterText {
  name: string;
  line: string;
  unit: string;
  kind: 'number' | 'integer' | 'switch' | 'weights';
  minimum: number;
  maximum: number;
  default: number[];
  elements: string[];
}
export interface ReadyMessage {
  type: 'ready';
  build: Build;
  kernel: string;
  version: string;
  threads: number;
  memoryMB: number;
  reason: string;
  parameters: ParameterText[];
  style: Record<string, string>;
  notices: string[];
  module: WebAssembly.Module | null;
}
/** VideoFrames that the painter made and closed for one message. */
export interface FrameCount {
  opened: number;
  closed: number;
}
export interface PaintedMessage extends FrameCount {
  type: 'painted';
  id: number;
  result: Result;
  width: number;
  height: number;
  ms: number;
  scaled: boolean;
  planBytes: number;
}
export interface PreparedMessage {
  type: 'prepared';
  id: number;
}
/** Nothing was painted. `source` comes back when a larger memory may help. */
export interface FailedMessage extends FrameCount {
  type: 'failed';
  id: number;
  /** allocate: the browser gives no shared memory of this size at all. trap: while the model was opened. */
  code: 'memory' | 'allocate' | 'trap' | 'source' | 'model' | 'crash' | 'network' | 'browser';
  text: string;
  source: Source | null;
  width: number;
  height: number;
}
/** This size needs a larger memory; to the page, once for each size. */
export interface NeedMessage {
  type: 'need';
  width: number;
  height: number;
}
export interface ProgressMessage {
  type: 'progress';
  stage: string;
  done: number;
}
export interface FindingMessage {
  type: 'finding';
  key: string;
  bytes: Uint8Array;
}
export interface LogMessage {
  type: 'log';
  level: number;
  line: string;
}
export type FromPainter =
  | ReadyMessage | PaintedMessage | PreparedMessage | FailedMessage | NeedMessage | ProgressMessage | FindingMessage
  | LogMessage;

/** The page to the pump. A stream pair (Chrome) or a track (Safari). */
export interface PumpStart {
  type: 'pump';
  readable?: ReadableStream<VideoFrame>;
  writable?: WritableStream<VideoFrame>;
  track?: MediaStreamTrack;
}
export type ToPump =
  | { type: 'probe' }
  | PumpStart
  /** lost: the painter before it crashed, with the frame that it had. */
  | { type: 'painter'; port: MessagePort; lost: boolean }
  /** Frames of so many pixels and more will never fit. */
  | { type: 'refused'; pixels: number; text: string }
  | { type: 'stop' }
  | { type: 'tick'; everyMs: number };
export interface PumpCount extends FrameCount {
  painted: number;
  dropped: number;
}
export type FromPump =
  | { type: 'probed'; safari: boolean }
  | { type: 'track'; track: MediaStreamTrack }
  /** Nothing is owed by the painter before the last one. */
  | { type: 'moved' }
  | { type: 'tick' }
  | ({ type: 'count'; last: Omit<PaintedMessage, 'result'> | null } & PumpCount)
  | ({ type: 'ended'; error: string } & PumpCount);

export function isPixels(source: Source | Result): source is Pixels {
  return 'rgba' in source;
}
export function isFrame(source: unknown): source is VideoFrame {
  return typeof VideoFrame === 'function' && source instanceof VideoFrame;
}
/** What has to be transferred, not copied, with a picture. */
export function transferOf(source: Source | Result): Transferable[] {
  return isPixels(source) ? [source.rgba] : [source];
}
/** The number of VideoFrames that were closed by this: 1 or 0. */
export function release(source: Source | Result | null): number {
  if (source === null || isPixels(source)) return 0;
  source.close();
  return isFrame(source) ? 1 : 0;
}
