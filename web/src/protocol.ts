// What the page, the painting worker and the pump say to each other.
import type { Build, Engine, Precision } from './types.js';

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
  engine: Engine;
  wasmUrl: string;
  /** Compiled before, for a restart. */
  module: WebAssembly.Module | null;
  threads: number;
  memoryMB: number;
  maxMemoryMB: number;
  precision: Precision;
  statistics: number;
  /** Plan for this size at once. */
  size: { width: number; height: number } | null;
  /** Pictures of so many pixels and more were refused for good; Infinity: none. */
  refusedPixels: number;
  /** Where helpers say that they died, which the painter cannot hear while it paints. */
  channel: string;
}
/** Behind start, when it has arrived: the module is compiled meanwhile. */
export interface ModelMessage {
  type: 'model';
  bytes: Uint8Array;
  findings: [string, Uint8Array][];
  /** Paint by regions; null: the model paints everything. */
  scene: Scene | null;
}
/** What is where in a picture, and what is painted where. */
export interface Scene {
  mask: {
    bytes: Uint8Array;
    /** The size that the network sees; 0: what its file says, or the frame's. */
    width: number;
    height: number;
    /** tempera_mask_params. */
    threshold: number;
    hold: number;
    interval: number;
    /** Of every region. */
    feather: number;
  };
  /** Styles besides the model. */
  styles: SceneStyle[];
  /** Later ones lie over earlier ones. */
  regions: SceneRegion[];
}
export interface SceneStyle {
  /** For sentences. */
  name: string;
  bytes: Uint8Array;
  /** One of those that the file holds; '': the file's own. */
  style: string;
  values: Record<string, readonly number[]>;
}
export interface SceneRegion {
  name: string;
  /** A number: that of scene.styles. */
  look: 'model' | 'none' | 'blur' | number;
  /** In pixels of the frame; 0: by its size. */
  blur: number;
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
  engine: Engine;
  kernel: string;
  version: string;
  threads: number;
  memoryMB: number;
  reason: string;
  parameters: ParameterText[];
  style: Record<string, string>;
  notices: string[];
  /** What the mask network distinguishes. */
  classes: string[];
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
/** What another worker has to be better at, for a picture of this size. */
export interface Lack {
  width: number;
  height: number;
  /** unsupported: of the small engine. */
  code: FailureCode;
  text: string;
  /** well: goes on with others. worn: fails where it succeeded before, another in the same memory may do. dead: a trap. */
  state: 'well' | 'worn' | 'dead';
  /** The fewest pixels that did not fit into a memory in order. */
  tooMany: number;
}
/**
 * allocate: the browser gives no shared memory of this size at all. trap: while the model was opened. helpers: the other
 * threads did not start. unsupported: the whole engine may know it. parameter: the mask knows no such class.
 */
export type FailureCode =
  | 'memory' | 'allocate' | 'trap' | 'source' | 'model' | 'crash' | 'network' | 'browser' | 'helpers' | 'unsupported'
  | 'parameter';
/** Nothing was painted. `source` comes back when another worker may help. */
export interface FailedMessage extends FrameCount, Lack {
  type: 'failed';
  id: number;
  source: Source | null;
}
/** To the page, once for each. */
export interface NeedMessage extends Lack {
  type: 'need';
}
/** While it starts: it has its module. */
export interface CompiledMessage {
  type: 'compiled';
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
  | CompiledMessage | ReadyMessage | PaintedMessage | PreparedMessage | FailedMessage | NeedMessage | ProgressMessage | FindingMessage
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
  /** lost: the painter before it crashed, with the frame that it had. move: counts them. */
  | { type: 'painter'; port: MessagePort; lost: boolean; move: number }
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
  /** Nothing is owed by the painters before that of this move. */
  | { type: 'moved'; move: number }
  | { type: 'tick' }
  | ({ type: 'count'; last: Omit<PaintedMessage, 'result'> | null } & PumpCount)
  | ({ type: 'ended'; error: string } & PumpCount);

/** In a row; then a track ends. */
export const badFramesAllowed = 10;

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
