// Starts painting workers: the first one, another after a crash, and one with a larger memory beside the running one
// when a frame does not fit. Everything else talks to whichever is current.
import { TemperaError, sentenceOf } from './errors.js';
import { PainterLink, StartFailure, codeOf } from './link.js';
import { probe, type Probe } from './probe.js';
import type { ReadyMessage } from './protocol.js';
import type { Build, LoadOptions, Progress } from './types.js';

export interface Size {
  width: number;
  height: number;
}

const statistics = { exact: 0, smoothed: 1, carried: 2 };
const defaultMemoryMB = 32; // what 640x480 of the bundled styles needs, and phones still give
const defaultMaxMemoryMB = 256;
// Workers that crash again and again are not started for ever.
const crashesAllowed = 5;
const crashWindowMs = 10000;

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
  private readonly starts = new Set<PainterLink>();
  private module: WebAssembly.Module | null = null;
  private readonly findings: Map<string, Uint8Array>;
  private readonly values = new Map<number, number[]>();
  private memoryMB: number;
  private choice: Probe;
  private ended: Error | null = null;
  private trapped = false;
  private refusedPixels = Infinity;
  private refusal = '';
  private crashTimes: number[] = [];
  crashes = 0;

  /** Another worker paints from now on, after growth or a crash. Resolves when the one before is not used any more. */
  onchange: (link: PainterLink) => Promise<void> = () => Promise.resolve();
  /** The current worker died; nothing is painted until alive() is called. */
  ondeath: () => void = () => {};
  onrefusal: (pixels: number, sentence: string) => void = () => {};

  constructor(private readonly options: LoadOptions, private readonly model: Promise<Uint8Array>) {
    model.catch(() => {}); // start() reports it
    this.findings = new Map(options.findings ?? []);
    this.memoryMB = Math.max(1, options.memoryMB ?? defaultMemoryMB);
    this.choice = probe(options.threads, options.build);
  }

  get maxMemoryMB(): number {
    return Math.max(this.options.maxMemoryMB ?? defaultMaxMemoryMB, 1);
  }
  get state(): ReadyMessage | null {
    return this.ready;
  }
  get reason(): string {
    return this.choice.reason;
  }

  /** The worker that paints; started when there is none. */
  async alive(): Promise<PainterLink> {
    if (this.ended) throw this.ended;
    if (this.link) return this.link;
    this.restarting ??= this.startAny(null).finally(() => (this.restarting = null));
    return this.restarting;
  }

  /** A sentence when a picture of this size was refused before; '' otherwise. */
  refused(size: Size): string {
    return size.width * size.height >= this.refusedPixels ? this.refusal : '';
  }

  /** A memory in which this size fits, beside the running worker. Rejects when there is none within bounds. */
  grow(size: Size): Promise<void> {
    const refused = this.refused(size);
    if (refused) return Promise.reject(new TemperaError('memory', refused));
    this.growing ??= this.startLarger(size).finally(() => (this.growing = null));
    return this.growing;
  }

  /** To a track that comes later. */
  tellRefusal(to: { refuse(pixels: number, sentence: string): void }): void {
    if (this.refusal) to.refuse(this.refusedPixels, this.refusal);
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
    if (failure.reason === 'memory' && nextMemory(this.memoryMB) <= this.maxMemoryMB) {
      this.memoryMB = nextMemory(this.memoryMB);
    } else if (failure.reason === 'memory') {
      throw new TemperaError('memory', `This model needs more than the ${this.maxMemoryMB} MB that this page allows.`);
    } else if (failure.reason === 'trap') {
      // A lack of memory, or a fault in the engine: one more try tells.
      if (this.trapped || 2 * this.memoryMB > this.maxMemoryMB) {
        throw new TemperaError('model', `The engine failed on this model (${said}); it may be damaged.`);
      }
      this.trapped = true;
      this.memoryMB *= 2;
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

  private async startLarger(size: Size): Promise<void> {
    for (let megabytes = nextMemory(this.memoryMB); ; megabytes = nextMemory(megabytes)) {
      if (this.ended) throw this.ended;
      if (megabytes > this.maxMemoryMB || this.choice.build === 'single') {
        throw this.refuse(size, `than the ${this.maxMemoryMB} MB that this page allows`);
      }
      try {
        const started = await this.startIn(megabytes, size);
        this.memoryMB = megabytes;
        this.adopt(started);
        return;
      } catch (thrown) {
        if (!(thrown instanceof StartFailure)) throw thrown;
        if (thrown.reason === 'allocate') throw this.refuse(size, `and ${sentenceOf(thrown)}`);
        if (thrown.reason !== 'memory' && thrown.reason !== 'trap') throw new TemperaError(codeOf[thrown.reason], sentenceOf(thrown));
      }
    }
  }

  private refuse(size: Size, why: string): TemperaError {
    this.refusedPixels = Math.min(this.refusedPixels, size.width * size.height);
    this.refusal =
      `A frame of ${size.width}x${size.height} needs more memory ${why}; paint a smaller picture, or raise maxMemoryMB.`;
    this.onrefusal(this.refusedPixels, this.refusal);
    return new TemperaError('memory', this.refusal);
  }

  /** One worker with this memory; StartFailure when it cannot. */
  private async startIn(memoryMB: number, size: Size | null): Promise<{ link: PainterLink; ready: ReadyMessage }> {
    const { build, threads } = this.choice;
    const { precision = 'auto' } = this.options;
    const link: PainterLink = new PainterLink(this.makeWorker(), {
      progress: (stage, done) => this.options.onprogress?.({ stage: stage as Progress['stage'], done }),
      finding: (key, bytes) => {
        this.findings.set(key, bytes);
        this.options.onfinding?.(key, bytes);
      },
      log: (level, line) => this.options.onlog?.(level, line),
      need: (width, height) => {
        if (link === this.link) this.grow({ width, height }).catch(() => {});
      },
      died: () => this.died(link),
    });
    this.starts.add(link);
    try {
      const ready = await link.start({
        build: build!, wasmUrl: this.fileUrl(build!), module: this.module, threads, memoryMB,
        maxMemoryMB: this.maxMemoryMB, precision, statistics: statistics[this.options.statistics ?? 'exact'],
        findings: [...this.findings], size,
      }, this.model);
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
    const moved = this.onchange(link);
    if (old) void Promise.all([old.idle(), moved]).then(() => old.end(new Error('another worker paints')));
    return link;
  }

  private died(link: PainterLink): void {
    if (link !== this.link) return;
    this.link = null;
    ++this.crashes;
    const now = performance.now();
    this.crashTimes = [...this.crashTimes.filter((t) => now - t < crashWindowMs), now];
    if (this.crashTimes.length > crashesAllowed) {
      this.end(new TemperaError('crash', 'The painting worker stopped again and again; load Tempera anew.'));
    }
    this.ondeath();
  }

  private makeWorker(): Worker {
    const name = 'tempera-painter';
    try {
      // Written out where it is used: bundlers look for exactly this.
      if (!this.options.baseUrl) {
        return new Worker(new URL('./painter-worker.js', import.meta.url), { type: 'module', name });
      }
      return new Worker(this.inBase('painter-worker.js'), { type: 'module', name });
    } catch (thrown) {
      throw new TemperaError('browser', `The painting worker cannot be started (${sentenceOf(thrown)}).`);
    }
  }

  private fileUrl(build: Build): string {
    if (this.options.baseUrl) return this.inBase(`tempera-${build}.wasm`).href;
    const urls = {
      relaxed: new URL('./tempera-relaxed.wasm', import.meta.url),
      simd: new URL('./tempera-simd.wasm', import.meta.url),
      single: new URL('./tempera-single.wasm', import.meta.url),
    };
    return urls[build].href;
  }

  private inBase(file: string): URL {
    const base = String(this.options.baseUrl);
    return new URL(file, new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI));
  }
}
