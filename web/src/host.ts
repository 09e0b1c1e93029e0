// Starts painting workers: the first one, another after a crash, one with a larger memory beside the running one when a
// frame does not fit, one with the whole engine when the small one lacks something. Everything else talks to whichever
// is current.
import { TemperaError, sentenceOf } from './errors.js';
import { moduleUrl, painterWorker } from './files.js';
import { PainterLink, StartFailure, codeOf } from './link.js';
import { probe, type Probe } from './probe.js';
import type { Lack, ReadyMessage } from './protocol.js';
import type { MadeScene } from './scene.js';
import type { Build, Engine, LoadOptions, Progress } from './types.js';

interface Size {
  width: number;
  height: number;
}

const statistics = { exact: 0, smoothed: 1, carried: 2 };
const defaultMemoryMB = 32; // what 640x480 of the bundled styles needs, and phones still give
const defaultMaxMemoryMB = 256;
// Workers that crash again and again are not started for ever.
const crashesAllowed = 5;
const crashWindowMs = 10000;
const noMasks = 'it has no masks';
const retireMs = 20000; // for the last frames of a worker that is replaced

/** 32, 48, 64, 96, 128, 192 ...: by half, then to the next power of two. */
export function nextMemory(megabytes: number): number {
  let power = 16;
  while (power * 2 <= megabytes) power *= 2;
  return megabytes >= power * 1.5 ? power * 2 : power * 1.5;
}

export class Host {
  /** Whoever paints now; null after a crash. */
  private link: PainterLink | null = null;
  private ready: ReadyMessage | null = null;
  private growing: Promise<void> | null = null;
  private restarting: Promise<PainterLink> | null = null;
  /** Mask and regions. */
  private changing: Promise<void> | null = null;
  private readonly starts = new Set<PainterLink>();
  private module: WebAssembly.Module | null = null;
  private readonly findings = new Map<string, Uint8Array>();
  private readonly values = new Map<number, number[]>();
  private memoryMB: number;
  private choice: Probe;
  private ended: Error | null = null;
  private helpersFailed = false;
  private engine: Engine;
  /** What the small engine lacked. */
  private lacked = '';
  /** Why there is no whole one. */
  private noWhole: TemperaError | null = null;
  private refusedPixels = Infinity;
  private refusal = (_size: string): string => '';
  private refusedSaid = '';
  private crashTimes: number[] = [];
  crashes = 0;

  /** Another worker paints from now on; lost: with the one before it went what that owed. Resolves when that owes nothing. */
  onchange: (link: PainterLink, lost: boolean) => Promise<void> = () => Promise.resolve();
  /** The current worker died; nothing is painted until alive() is called. */
  ondeath: () => void = () => {};
  onrefusal: (pixels: number, sentence: string) => void = () => {};

  constructor(
    private readonly options: LoadOptions, private readonly model: Promise<Uint8Array>,
    /** What earlier pages found out, when it has arrived; never rejects. */
    private readonly given: Promise<[string, Uint8Array][]>,
    /** What is painted where; null: the model paints everything. */
    private scene: Promise<MadeScene | null>,
  ) {
    for (const promise of [model, scene]) promise.catch(() => {}); // start() reports it
    this.engine = options.engine ?? 'styles';
    if (options.mask && this.engine === 'styles') this.takeWhole(noMasks);
    this.memoryMB = Math.max(1, options.memoryMB ?? defaultMemoryMB);
    this.choice = probe(options.threads, options.build);
  }

  get maxMemoryMB(): number {
    return Math.max(this.options.maxMemoryMB ?? defaultMaxMemoryMB, 1);
  }
  get state(): ReadyMessage | null {
    return this.ready;
  }

  /** The worker that paints; started when there is none. */
  async alive(): Promise<PainterLink> {
    if (this.ended) throw this.ended;
    if (this.link) return this.link;
    if (this.changing) {
      await this.changing.catch(() => {}); // what comes of it is not known yet
      return this.alive();
    }
    this.restarting ??= this.startAny(null).finally(() => (this.restarting = null));
    return this.restarting;
  }

  /** A sentence when a picture of this size was refused before; '' otherwise. */
  refused(size: Size): string {
    return size.width * size.height >= this.refusedPixels ? this.refusal(`${size.width}x${size.height}`) : '';
  }

  /**
   * Another worker than `from`, which lacked something for a picture: resolves when it is worth asking again, rejects
   * when there is none within bounds. A worker that cannot go on is left in either case.
   */
  better(lack: Lack, from: PainterLink): Promise<void> {
    if (from !== this.link) return this.growing ?? Promise.resolve(); // somebody saw to it before
    const isWorn = lack.state === 'worn' && lack.width * lack.height < lack.tooMany;
    if (lack.code === 'memory' && isWorn) {
      this.leave(lack, from);
      return Promise.resolve();
    }
    const refused = lack.code === 'memory' ? this.refused(lack) : '';
    if (refused) {
      this.leave(lack, from);
      return Promise.reject(new TemperaError('memory', refused));
    }
    this.growing ??= this.startBetter(lack)
      .catch((thrown) => {
        this.leave(lack, from);
        throw thrown;
      })
      .finally(() => (this.growing = null));
    return this.growing;
  }

  /** The next picture starts another one, in the same memory. */
  private leave(lack: Lack, from: PainterLink): void {
    if (lack.state === 'well' || from !== this.link) return;
    from.end(new TemperaError('crash', `The painting worker could not go on (${lack.text}); the next frame starts a new one.`));
    this.gone(from, lack.state === 'dead');
  }

  /**
   * Paints so from now on: in another worker, which takes over when it is ready. Where that cannot be had, it rejects, and
   * what was painted goes on. size: of the frames that will come, where that is known.
   */
  async paintWith(made: MadeScene | null, size: Size | null): Promise<void> {
    for (let others; (others = this.growing ?? this.restarting); ) await others.catch(() => {});
    if (this.ended) throw this.ended;
    this.growing = this.changing = this.startWith(made, size).finally(() => (this.growing = this.changing = null));
    return this.growing;
  }

  private async startWith(made: MadeScene | null, size: Size | null): Promise<void> {
    const { scene, engine, module, lacked, refusedPixels, refusal, refusedSaid } = this;
    this.scene = Promise.resolve(made);
    this.refusedPixels = Infinity;
    if (made && engine === 'styles') this.takeWhole(noMasks);
    try {
      const wish = { width: size?.width ?? 0, height: size?.height ?? 0, code: 'memory', text: '', state: 'well' } as const;
      await this.startLarger({ ...wish, tooMany: Infinity }, this.memoryMB);
    } catch (thrown) {
      Object.assign(this, { scene, engine, module, lacked, refusedPixels, refusal, refusedSaid });
      throw thrown;
    } finally {
      this.onrefusal(this.refusedPixels, this.refusedSaid);
    }
  }

  /** To a track that comes later. */
  tellRefusal(to: { refuse(pixels: number, sentence: string): void }): void {
    if (this.refusedPixels < Infinity) to.refuse(this.refusedPixels, this.refusedSaid);
  }

  set(index: number, values: number[]): void {
    this.values.set(index, values);
    this.link?.tell({ type: 'set', index, values });
  }

  end(error: Error): void {
    if (this.ended) return;
    this.ended = error;
    this.link?.end(error);
    for (const link of this.starts) link.end(error);
    this.link = null;
  }

  /** Begins with the build that was chosen and goes down to what this browser, server and machine have. */
  private async startAny(size: Size | null): Promise<PainterLink> {
    for (;;) {
      const build = this.choice.build;
      if (build === null) throw new TemperaError('browser', this.choice.reason);
      try {
        return this.adopt(await this.startIn(this.memoryMB, size));
      } catch (thrown) {
        if (!(thrown instanceof StartFailure)) throw thrown;
        this.lessThan(build, thrown);
      }
    }
  }

  /** Another choice after a start that failed, or the error for the page. */
  private lessThan(build: Build, failure: StartFailure): void {
    const said = sentenceOf(failure);
    const missing = failure.reason === 'network' || failure.reason === 'browser';
    if (failure.reason === 'unsupported') {
      this.takeWhole(said);
    } else if (missing && this.lacked) {
      throw this.refuseWhole(said);
    } else if (failure.reason === 'memory' && build !== 'single' && nextMemory(this.memoryMB) <= this.maxMemoryMB) {
      this.memoryMB = nextMemory(this.memoryMB);
    } else if (failure.reason === 'memory') {
      throw new TemperaError('memory', `This model needs more than the ${this.maxMemoryMB} MB that this page allows.`);
    } else if (failure.reason === 'trap') {
      // A lack of memory where no call answers for it, or a fault in the engine: more memory tells.
      if (2 * this.memoryMB > this.maxMemoryMB) {
        throw new TemperaError('model', `The engine failed on this model (${said}); it may be damaged.`);
      }
      this.memoryMB *= 2;
    } else if (failure.reason === 'helpers' && this.choice.threads > 1) {
      this.lessHelpers(said);
    } else if (failure.reason === 'allocate' && build !== 'single') {
      this.module = null;
      this.choice = { build: 'single', threads: 1, reason: `One thread paints, because ${said}.` };
    } else if (missing && build === 'relaxed') {
      this.module = null;
      this.choice = { ...this.choice, build: 'simd', reason: `The slower SIMD128 build paints: ${said}` };
    } else if (missing && build === 'simd') {
      this.module = null;
      this.choice = { build: 'single', threads: 1, reason: `One thread paints: ${said}` };
    } else {
      throw new TemperaError(codeOf[failure.reason], said);
    }
  }

  /** The same once more, and then one thread. */
  private lessHelpers(said: string): void {
    if (this.helpersFailed) this.choice = { ...this.choice, threads: 1, reason: `One thread paints, because ${said}.` };
    this.helpersFailed = true;
  }

  private takeWhole(lacked: string): void {
    this.lacked = lacked;
    this.engine = 'whole';
    this.module = null;
  }

  private refuseWhole(said: string): TemperaError {
    const lacks = this.lacked === noMasks ? 'has no masks' : `cannot run this model (${this.lacked})`;
    return new TemperaError('network', `The small engine ${lacks}, and the whole one cannot be had: ${said}`);
  }

  private async startBetter(lack: Lack): Promise<void> {
    if (lack.code !== 'unsupported') return this.startLarger(lack, nextMemory(this.memoryMB));
    if (this.noWhole) throw this.noWhole;
    const small = this.module;
    this.takeWhole(lack.text);
    try {
      await this.startLarger(lack, this.memoryMB);
    } catch (thrown) {
      this.engine = 'styles';
      this.module = small;
      this.lacked = '';
      if (thrown instanceof TemperaError && (thrown.code === 'network' || thrown.code === 'model')) {
        this.noWhole = thrown;
        this.onrefusal(0, thrown.message);
      }
      throw thrown;
    }
  }

  /** Memories of so many MB and more, until one has room. */
  private async startLarger(lack: Lack, first: number): Promise<void> {
    for (let megabytes = first; ; megabytes = nextMemory(megabytes)) {
      if (this.ended) throw this.ended;
      const isLast = this.choice.build === 'single'; // it grows by itself
      if (megabytes > Math.max(this.maxMemoryMB, this.memoryMB) || (isLast && megabytes > this.memoryMB)) {
        throw this.refuse(lack, `than the ${this.maxMemoryMB} MB that this page allows`);
      }
      try {
        const started = await this.startIn(megabytes, lack.width > 0 ? lack : null);
        this.memoryMB = megabytes;
        this.adopt(started);
        return;
      } catch (thrown) {
        if (!(thrown instanceof StartFailure)) throw thrown;
        const said = sentenceOf(thrown);
        if (thrown.reason === 'allocate') throw this.refuse(lack, `and ${said}`);
        if (this.lacked && (thrown.reason === 'network' || thrown.reason === 'browser')) throw this.refuseWhole(said);
        if (thrown.reason === 'helpers' && this.choice.threads > 1) {
          this.lessHelpers(said);
          return this.startLarger(lack, megabytes);
        }
        if (thrown.reason === 'unsupported') return this.startBetter({ ...lack, code: 'unsupported', text: said });
        if (thrown.reason !== 'memory' && thrown.reason !== 'trap') throw new TemperaError(codeOf[thrown.reason], said);
      }
    }
  }

  private refuse(lack: Lack, why: string): TemperaError {
    const size = `${lack.width}x${lack.height}`;
    this.refusedPixels = Math.min(this.refusedPixels, lack.width * lack.height);
    this.refusal = lack.state === 'dead'
      ? (asked) => `The engine failed on a frame of ${size} (${lack.text}), which mostly is for lack of memory; ` +
        (asked === size ? 'paint a smaller picture.' : `${asked} is not tried.`)
      : (asked) => `A frame of ${asked} needs more memory ${why}; paint a smaller picture, or raise maxMemoryMB.`;
    this.refusedSaid = this.refusal(size);
    this.onrefusal(this.refusedPixels, this.refusedSaid);
    return new TemperaError('memory', this.refusedSaid);
  }

  /** One worker with this memory; StartFailure when it cannot. */
  private async startIn(memoryMB: number, size: Size | null): Promise<{ link: PainterLink; ready: ReadyMessage }> {
    const { build, threads } = this.choice;
    const { engine } = this;
    const { precision = 'auto', baseUrl } = this.options;
    const link: PainterLink = new PainterLink(this.makeWorker(), {
      progress: (stage, done) => this.options.onprogress?.({ stage: stage as Progress['stage'], done }),
      finding: (key, bytes) => {
        this.findings.set(key, bytes);
        this.options.onfinding?.(key, bytes);
      },
      log: (level, line) => this.options.onlog?.(level, line),
      need: (lack) => {
        if (link === this.link) this.better(lack, link).catch(() => {});
      },
      died: () => this.died(link),
    });
    this.starts.add(link);
    try {
      const message = Promise.all([this.model, this.given, this.scene]).then(([bytes, given, made]) => ({
        bytes, scene: made?.scene ?? null, findings: [...given, ...(made?.findings ?? []), ...this.findings],
      }));
      const ready = await link.start({
        build: build!, engine, wasmUrl: moduleUrl(baseUrl, build!, engine), module: this.module, threads, memoryMB,
        maxMemoryMB: this.maxMemoryMB, precision, statistics: statistics[this.options.statistics ?? 'exact'],
        size: size && { width: size.width, height: size.height }, refusedPixels: this.refusedPixels,
      }, message);
      return { link, ready };
    } catch (thrown) {
      link.end(new Error('it was not needed'));
      throw thrown;
    } finally {
      this.starts.delete(link);
    }
  }

  private adopt({ link, ready }: { link: PainterLink; ready: ReadyMessage }): PainterLink {
    if (this.ended) {
      link.end(this.ended);
      throw this.ended;
    }
    const old = this.link;
    this.link = link;
    this.ready = { ...ready, reason: this.choice.reason };
    this.module = ready.module;
    for (const [index, values] of this.values) link.tell({ type: 'set', index, values });
    const moved = this.onchange(link, old === null);
    if (old) void this.retire(old, moved);
    return link;
  }

  /** Ends a worker when it owes nothing any more, or does not come to that. */
  private async retire(old: PainterLink, moved: Promise<void>): Promise<void> {
    let isLate = true;
    const done = Promise.all([old.idle(retireMs), moved]).then(() => (isLate = false));
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([done, new Promise((resolve) => (timer = setTimeout(resolve, retireMs)))]);
    clearTimeout(timer);
    old.end(new TemperaError('crash', 'Another worker paints.'));
    if (isLate && this.link) void this.onchange(this.link, true);
  }

  private died(link: PainterLink): void {
    if (link === this.link) this.gone(link, true);
  }

  private gone(link: PainterLink, isCrash: boolean): void {
    if (link !== this.link) return;
    this.link = null;
    if (isCrash) {
      ++this.crashes;
      const now = performance.now();
      this.crashTimes = [...this.crashTimes.filter((t) => now - t < crashWindowMs), now];
      if (this.crashTimes.length > crashesAllowed) {
        this.end(new TemperaError('crash', 'The painting worker stopped again and again; load Tempera anew.'));
      }
    }
    this.ondeath();
  }

  private makeWorker(): Worker {
    try {
      return painterWorker(this.options.baseUrl);
    } catch (thrown) {
      throw new TemperaError('browser', `The painting worker cannot be started (${sentenceOf(thrown)}).`);
    }
  }
}
