// What a page says to the package, and what it is told.

export type Precision = 'auto' | 'fp32' | 'int8';
export type Build = 'relaxed' | 'simd' | 'single';
/** styles: small, what style networks need. whole: every operator; about twice as large. */
export type Engine = 'styles' | 'whole';
export type TrackPath = 'chrome' | 'safari' | 'canvas';
/** An address, or the file itself. */
export type Model = string | URL | ArrayBuffer | Uint8Array | Blob;
export type Picture = VideoFrame | ImageBitmap | ImageData | HTMLVideoElement | HTMLCanvasElement | OffscreenCanvas |
  HTMLImageElement;

/** 'person': the package's own network, loaded when it is asked for. */
export type Mask = 'person' | MaskOptions;
export interface MaskOptions {
  /** A network that says what is where: 'person', an address, or the file itself. */
  model: Model;
  /** Which of the things that it distinguishes is painted, where `regions` does not say: by name, or by number as text. */
  class?: string;
  findings?: LoadOptions['findings'];
  /** The size that the network sees. Default: what its file says, or the frame's. */
  width?: number;
  height?: number;
  /** Edges are softened by so many pixels of the frame either way. Default 0: they are as the network and frame make them. */
  feather?: number;
  /** Where the edge lies: above 0 and below 1. Default 0.5. */
  threshold?: number;
  /** For films and cameras: 0 (default) every frame by itself, to 1, masks that flicker least; moving edges stay sharp. */
  hold?: number;
  /** The network sees every so many frames, and its mask moves along in between. Default 1. */
  interval?: number;
}
/** A style besides the one that is loaded. */
export interface StyleLook {
  model: Model;
  /** One of those that the file holds. */
  style?: string;
  findings?: LoadOptions['findings'];
  /** Its parameters; those that it has not are passed over. */
  values?: Readonly<Record<string, number | readonly number[]>>;
}
/**
 * 'model': the style that is loaded. 'none': the picture. 'blur': the picture, blurred, by so many pixels or by its size.
 * A name is that of a file beside the model's: 'great-wave'. Others are addresses, or files.
 */
export type Look = 'model' | 'none' | 'blur' | { blur: number } | Model | StyleLook;
/**
 * By what the mask network distinguishes, and 'background'. Later ones lie over earlier ones. As pairs where names are
 * numbers: of an object JavaScript puts those first, in rising order.
 */
export type Regions = Readonly<Record<string, Look>> | readonly (readonly [string, Look])[];

export interface Progress {
  /** model: its bytes arrive. engine: the module starts. planning, calibrating: a size is prepared. */
  stage: 'model' | 'engine' | 'planning' | 'calibrating';
  /** 0 to 1; within this stage. */
  done: number;
}

export interface LoadOptions {
  model: Model;
  /** Workers that paint, the first among them. Default: half of the processor's threads, at most 8. */
  threads?: number;
  /** auto (default): the fastest that looks the same as fp32. */
  precision?: Precision;
  /** What instance norms normalise with: each frame's own numbers (default), or those of the frames before as well. */
  statistics?: 'exact' | 'smoothed' | 'carried';
  /** Ends the loading; later, nothing. */
  /** What is where in the picture, from the first frame on; tempera.mask and tempera.regions change it later. */
  mask?: Mask | null;
  regions?: Regions | null;
  signal?: AbortSignal;
  onprogress?: (progress: Progress) => void;
  /** Where the workers and the .wasm files lie, when that is not beside this module. The same origin as the page. */
  baseUrl?: string | URL;
  /** Take this build instead of the best one. */
  build?: Build;
  /** whole: at once. Default: styles first, and whole when that lacks something that the model needs. */
  engine?: Engine;
  /** What the module's memory begins with, in MB. Default 32. */
  memoryMB?: number;
  /** What it may become for large frames, in MB. Default 256. */
  maxMemoryMB?: number;
  /**
   * Findings about the model, which spare calibration: from an earlier page, as onfinding gave them, or the address of a
   * file of them. Without, or when the file is missing or damaged, the whole engine calibrates the model here.
   */
  findings?: Iterable<[string, Uint8Array]> | string | URL;
  onfinding?: (key: string, bytes: Uint8Array) => void;
  /** What the engine logs: 0 information, 1 warning, 2 error. */
  onlog?: (level: number, line: string) => void;
}

export interface Parameter {
  readonly name: string;
  /** What it does, for people; '' when the model does not say. */
  readonly line: string;
  /** '' when it has none. */
  readonly unit: string;
  readonly kind: 'number' | 'integer' | 'switch' | 'weights';
  readonly range: readonly [number, number];
  /** A list when it has several elements. */
  readonly default: number | readonly number[];
  /** Names of its elements; empty when it has one. */
  readonly elements: readonly string[];
  /** As it was set last. */
  readonly value: number | readonly number[];
}

export interface Info {
  readonly build: Build;
  readonly engine: Engine;
  /** The engine's 8-bit kernel. */
  readonly kernel: string;
  readonly threads: number;
  /** Why one thread only, or a slower build than the browser could run: a sentence; '' when nothing is amiss. */
  readonly reason: string;
  readonly version: string;
  /** As it was asked for. */
  readonly precision: Precision;
  /** The module's memory. */
  readonly memoryMB: number;
  /** What the model's file says of itself: title, artist, year, license ... */
  readonly style: Readonly<Record<string, string>>;
  /** What had to be guessed of the model. */
  readonly notices: readonly string[];
  /** What the mask network distinguishes, '' where nobody says; empty without one. */
  readonly classes: readonly string[];
}

export interface Stats {
  readonly painted: number;
  /** Frames that a newer one replaced before they were painted. */
  readonly dropped: number;
  /** VideoFrames that came into the package's hands, and those that it closed or gave away. */
  readonly opened: number;
  readonly closed: number;
  /** Milliseconds of the last painting in the worker, and a running mean. */
  readonly lastMs: number;
  readonly meanMs: number;
  /** Of the last painting. */
  readonly width: number;
  readonly height: number;
  /** How process() reaches the track; '' while none is processed. */
  readonly path: TrackPath | '';
  /** The last frame was painted smaller and enlarged, because a larger memory is being prepared or was refused. */
  readonly scaled: boolean;
  /** Painting workers that crashed. */
  readonly crashes: number;
  /** What the plan takes of the module's memory, in bytes. */
  readonly planBytes: number;
}

export interface PaintOptions {
  /** bitmap: an ImageBitmap. data: an ImageData. Default: data for ImageData, bitmap for all else. */
  as?: 'bitmap' | 'data';
  /**
   * Whether it may be painted smaller and enlarged while a larger memory is made for it. Default: yes for VideoFrame and
   * HTMLVideoElement, whose next picture comes anyway; no for all else, which waits.
   */
  live?: boolean;
  signal?: AbortSignal;
  /**
   * Milliseconds after which the painting worker is taken for stuck: the painting is rejected with code crash, and the
   * next one starts another worker. Counted from when it is handed to the worker. Default: none; a worker that says
   * nothing for a minute is taken for stuck in any case.
   */
  timeout?: number;
}

export interface ProcessOptions {
  /** For tests: this path, and no other. */
  path?: TrackPath;
  signal?: AbortSignal;
  /** The track ended because of this; the returned track has ended too. */
  onerror?: (error: Error) => void;
}
