// The package's one object: a model, painted with.
import { Counts } from './counts.js';
import { TemperaError, sentenceOf } from './errors.js';
import { givenFindings } from './findings.js';
import { Host } from './host.js';
import { codeOf } from './link.js';
import { modelBytes, untilAborted } from './model.js';
import { checkOptions, checkTimeout } from './options.js';
import { probe, type Probe } from './probe.js';
import { startProcess } from './process.js';
import { Scenes, SceneMaker, checkMask, checkRegions } from './scene.js';
import { isPixels, type ParameterText } from './protocol.js';
import { PaintQueue } from './queue.js';
import type { Running } from './running.js';
import { isLive, sourceOf } from './sources.js';
import type {
  Info, LoadOptions, Mask, PaintOptions, Parameter, Picture, ProcessOptions, Regions, Stats,
} from './types.js';

export class Tempera {
  private readonly counts = new Counts();
  private readonly queue: PaintQueue;
  private readonly values: number[][];
  private running: Running | null = null;
  private isClosed = false;
  /** Tracks are started and stopped one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  private readonly scenes: Scenes;

  private constructor(private readonly host: Host, private readonly options: LoadOptions, maker: SceneMaker) {
    this.queue = new PaintQueue(host, this.counts);
    this.values = this.parameters().map((p) => [...p.default]);
    host.onchange = (link, lost) => this.running?.move(link, lost) ?? Promise.resolve();
    host.ondeath = () => void this.revive();
    host.onrefusal = (pixels, sentence) => this.running?.refuse(pixels, sentence);
    const first = { mask: options.mask ?? null, regions: options.regions ?? null };
    this.scenes = new Scenes(first, maker, (made) => {
      const { width, height } = this.counts.own;
      return host.paintWith(made, width > 0 ? { width, height } : null);
    });
  }

  /** What this browser and page can run; never throws. */
  static probe(): Probe {
    return probe();
  }

  /** Rejects with a TemperaError, or with the signal's reason. */
  static async load(options: LoadOptions): Promise<Tempera> {
    const { signal, onprogress } = options;
    checkOptions(options);
    const choice = probe(options.threads, options.build);
    if (choice.build === null) throw new TemperaError('browser', choice.reason);
    const model = untilAborted(signal, modelBytes(options.model, options));
    const maker = new SceneMaker(options);
    const scene = maker.make({ mask: options.mask ?? null, regions: options.regions ?? null });
    const host = new Host(options, model, givenFindings(options, model), scene);
    try {
      onprogress?.({ stage: 'engine', done: 0 });
      await untilAborted(signal, host.alive());
    } catch (thrown) {
      host.end(new TemperaError('closed', 'Loading ended.'));
      throw thrown;
    }
    maker.loaded();
    onprogress?.({ stage: 'engine', done: 1 });
    return new Tempera(host, options, maker);
  }

  private parameters(): ParameterText[] {
    return this.host.state?.parameters ?? [];
  }

  /** What can be turned, with the values as they are. */
  get params(): readonly Parameter[] {
    const one = (values: readonly number[]) => (values.length === 1 ? values[0]! : [...values]);
    return this.parameters().map((p, i) => ({
      name: p.name, line: p.line, unit: p.unit, kind: p.kind, range: [p.minimum, p.maximum] as const,
      default: one(p.default), elements: p.elements, value: one(this.values[i] ?? p.default),
    }));
  }

  /** With the next frame. Throws a TemperaError when there is no such parameter, or the value is out of its range. */
  set(name: string, value: number | readonly number[] | boolean): void {
    const all = this.parameters();
    const index = all.findIndex((p) => p.name === name);
    const p = all[index];
    const wrong = (sentence: string) => new TemperaError('parameter', sentence);
    if (!p) throw wrong(`There is no parameter ${name}; this model has ${all.map((q) => q.name).join(', ')}.`);
    const values = (Array.isArray(value) ? [...value] : [Number(value)]) as number[];
    if (values.length !== p.default.length) {
      throw wrong(`${name} takes ${p.default.length} numbers, not ${values.length}.`);
    }
    for (const v of values) {
      if (!(v >= p.minimum && v <= p.maximum)) throw wrong(`${name} takes ${p.minimum} to ${p.maximum}, not ${v}.`);
    }
    this.values[index] = values;
    this.host.set(index, values);
  }

  /**
   * What is told apart in the picture: 'person', or a network of your own. Without `regions`, that is painted and the
   * rest is left. What was painted goes on until the network is there; `masked` says when, or why not. null: all of it.
   */
  get mask(): Mask | null {
    return this.scenes.now.mask;
  }
  set mask(mask: Mask | null) {
    this.scenes.want({ mask: checkMask(mask) });
  }

  /** What is painted where; it waits for a mask. null: as without. */
  get regions(): Regions | null {
    return this.scenes.now.regions;
  }
  set regions(regions: Regions | null) {
    this.scenes.want({ regions: checkRegions(regions) });
  }

  /** Resolves when frames are painted as mask and regions say; rejects with a TemperaError, and both are as before. */
  get masked(): Promise<void> {
    return this.scenes.settled;
  }

  get info(): Info {
    const s = this.host.state;
    if (!s) throw new TemperaError('closed', 'Tempera was closed.');
    const { build, engine, kernel, threads, reason, version, memoryMB, style, notices, classes } = s;
    return { build, engine, kernel, threads, reason, version, memoryMB, style, notices, classes,
      precision: this.options.precision ?? 'auto' };
  }

  get stats(): Stats {
    return this.counts.read(this.host.crashes);
  }

  /**
   * The painting of a picture, which stays the page's own: close it yourself. ImageData gives ImageData, everything
   * else an ImageBitmap, unless `as` says otherwise. null: a newer picture took its place before its turn came, as
   * happens only to those who do not wait for one painting before they ask for the next.
   */
  paint(picture: ImageData, options: PaintOptions & { as: 'bitmap' }): Promise<ImageBitmap | null>;
  paint(picture: ImageData, options?: PaintOptions): Promise<ImageData | null>;
  paint(picture: Picture, options: PaintOptions & { as: 'data' }): Promise<ImageData | null>;
  paint(picture: Exclude<Picture, ImageData>, options?: PaintOptions): Promise<ImageBitmap | null>;
  paint(picture: Picture, options?: PaintOptions): Promise<ImageBitmap | ImageData | null>;
  async paint(picture: Picture, options: PaintOptions = {}): Promise<ImageBitmap | ImageData | null> {
    const { signal } = options;
    if (signal?.aborted) throw signal.reason;
    const as = options.as ?? (picture instanceof ImageData ? 'data' : 'bitmap');
    const wish = { want: as, live: options.live ?? isLive(picture), timeout: checkTimeout(options.timeout) };
    const painting = this.queue.paint(sourceOf(picture, this.counts), wish);
    const asked = painting.then((result) => {
      if (result === null) return null;
      if (isPixels(result)) {
        const { rgba, width, height, colorSpace } = result;
        return new ImageData(new Uint8ClampedArray(rgba), width, height, { colorSpace });
      }
      const bitmap = result as ImageBitmap;
      if (signal?.aborted) bitmap.close();
      return bitmap;
    });
    return untilAborted(signal, asked);
  }

  /** Plans for frames of this size and keeps room for their pixels: the first one takes as long as the next, and as it is. */
  async prepare(width: number, height: number): Promise<void> {
    for (;;) {
      const link = await this.host.alive();
      const reply = await link.ask((id) => ({ type: 'prepare', id, width, height }));
      if (reply.type !== 'failed') return;
      const isElsewhere = reply.code === 'memory' || reply.code === 'unsupported';
      if (!isElsewhere) throw new TemperaError(codeOf[reply.code], reply.text);
      await this.host.better(reply, link);
    }
  }

  /** What a model remembers of frames is forgotten: call it at a cut. */
  async reset(): Promise<void> {
    (await this.host.alive()).tell({ type: 'reset' });
  }

  /**
   * A track that shows the given one painted. It ends when the source ends, when it is stopped, or with stop() and
   * close(). One at a time: a second call ends the first.
   */
  async process(track: MediaStreamTrack, options: ProcessOptions = {}): Promise<MediaStreamTrack> {
    const { signal } = options;
    if (signal?.aborted) throw signal.reason;
    return untilAborted(signal, this.inTurn(() => this.processNow(track, options)));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  private async processNow(track: MediaStreamTrack, options: ProcessOptions): Promise<MediaStreamTrack> {
    const { signal, onerror } = options;
    await this.running?.stop();
    const baseUrl = this.options.baseUrl;
    const more = baseUrl === undefined ? options : { ...options, baseUrl };
    let running: Running | null = null;
    let isOver = false;
    const onabort = () => void running?.stop();
    const onend = (error: string) => {
      isOver = true;
      signal?.removeEventListener('abort', onabort);
      if (this.running === running) {
        this.running = null;
        this.counts.path('');
      }
      if (error) onerror?.(new TemperaError('source', error));
    };
    await this.host.alive();
    running = await startProcess(this.host, this.counts, track, more, onend);
    try {
      const link = await this.host.alive();
      if (signal?.aborted) throw signal.reason;
      if (isOver) return running.output;
      this.running = running;
      void running.move(link, false);
    } catch (thrown) {
      await running.stop();
      throw this.isClosed ? new TemperaError('closed', 'Tempera was closed.') : thrown;
    }
    signal?.addEventListener('abort', onabort, { once: true });
    this.counts.path(running.path);
    this.host.tellRefusal(running);
    return running.output;
  }

  /** Ends the track that process() made, or is about to; resolves when every frame is closed. */
  stop(): Promise<void> {
    return this.inTurn(async () => this.running?.stop());
  }

  /** A track goes on behind a crash: the worker that is started moves it by itself. */
  private async revive(): Promise<void> {
    const running = this.running;
    if (!running) return;
    try {
      await this.host.alive();
    } catch (thrown) {
      await running.stop(sentenceOf(thrown));
    }
  }

  /** Ends workers and tracks. What was not painted yet is rejected. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const end = () => this.host.end(new TemperaError('closed', 'Tempera was closed.'));
    if (this.running) void this.running.stop().finally(end);
    else end();
  }
}
