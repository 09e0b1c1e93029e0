// Paints what a source shows, as fast as it can be painted: frames that come meanwhile are dropped, the newest wins.
import type { Engine } from './engine.js';
import { scaler, type Frame } from './scaler.js';
import { AutoSize, sizeFor, type Size } from './sizes.js';
import type { Source } from './sources.js';
import type { View } from './view.js';

export interface Meters {
  fps: number;
  ms: number;
  dropped: number;
  // Time of painting, over all threads, as a share of all cores.
  load: number;
}

type Video = HTMLVideoElement & {
  requestVideoFrameCallback?: (
    f: (now: number, frame: { mediaTime: number; presentedFrames: number }) => void,
  ) => number;
};

// Longer than a camera takes to its first frame, mostly.
const silent_ms = 750;

export class Live {
  engine: Engine | undefined;
  // 0: by itself.
  shorter = 0;
  // While a recording runs, which cannot change its size; a camera's goes on in a hidden tab.
  locked = false;
  readonly auto = new AutoSize();
  failed: (error: unknown) => void = () => undefined;
  painted: () => void = () => undefined;

  private source: Source | undefined;
  private busy = false;
  private fresh = false;
  private seen = 0;
  private dropped = 0;
  private turn = 0;
  private held = false;
  private ready: { engine: Engine; source: Source; size: Size } | undefined;
  private preparing = '';
  private ticking = false;
  // A camera goes on behind its paused picture, which has to stay what it is.
  private still: ImageBitmap | undefined;
  private log: { at: number; ms: number }[] = [];

  constructor(private readonly view: View) {}

  // The loop of before ends by itself.
  show(source: Source): void {
    this.source = source;
    this.engine?.cut();
    this.view.clear();
    this.keep(undefined);
    this.turn += 1;
    this.seen = this.dropped = 0;
    this.log = [];
    this.fresh = true;
    this.auto.forget();
    if (source.video) this.watch(source.video as Video, this.turn);
    void this.take();
  }

  // What is shown stays; nothing is taken any more from the source, which is about to close.
  leave(): void {
    this.source = undefined;
    this.turn += 1;
  }

  // Nothing is painted until it is let go: a whole film is being painted.
  hold(held: boolean): void {
    this.held = held;
    if (!held) this.again();
  }

  // A parameter, a style or a size changed; what moves shows it by itself.
  again(): void {
    this.fresh = true;
    void this.take();
  }

  size(): Size | undefined {
    if (!this.source) return undefined;
    // A picture that stands still may take its time.
    const automatic = this.source.bitmap ? 720 : this.auto.shorter;
    return sizeFor(this.source, this.shorter || automatic);
  }

  meters(): Meters {
    const now = performance.now();
    this.log = this.log.filter((entry) => now - entry.at < 2000);
    const times = this.log.map((entry) => entry.ms).sort((a, b) => a - b);
    const span = Math.min(2000, Math.max(1, now - (this.log[0]?.at ?? now)));
    const sum = times.reduce((a, b) => a + b, 0);
    const cores = navigator.hardwareConcurrency || 1;
    return {
      fps: this.log.length > 1 ? (this.log.length * 1000) / span : 0,
      ms: times[times.length >> 1] ?? 0,
      dropped: this.dropped,
      load: Math.min(1, (sum * (this.engine?.threads ?? 1)) / span / cores),
    };
  }

  private watch(video: Video, turn: number): void {
    const next = () => {
      if (turn !== this.turn) return;
      this.fresh = true;
      void this.take();
      ask();
    };
    // Some browsers tell of no frame where the video is not to be seen: there its time does.
    let told = false;
    let shown = -1;
    const silent = () => {
      if (turn !== this.turn || told) return;
      if (video.currentTime !== shown) {
        this.fresh = true;
        void this.take();
      }
      shown = video.currentTime;
      requestAnimationFrame(silent);
    };
    if ('requestVideoFrameCallback' in video) setTimeout(silent, silent_ms);
    const ask = () => {
      if (!video.requestVideoFrameCallback) return requestAnimationFrame(next);
      return video.requestVideoFrameCallback((_, frame) => {
        told = true;
        if (this.seen && turn === this.turn) this.missed(frame.presentedFrames - this.seen - 1);
        this.seen = frame.presentedFrames;
        if (this.busy && this.fresh) this.missed(1);
        next();
      });
    };
    ask();
  }

  // In a hidden tab nothing else tells of frames: films stop there, cameras do not.
  tickWhileHidden(): void {
    const wanted = () => document.hidden && this.locked && this.source?.kind === 'camera';
    if (this.ticking || !wanted()) return;
    this.ticking = true;
    const next = async () => {
      await scaler.tick(Math.round(1000 / (this.source?.rate || 30)));
      if (!wanted()) {
        this.ticking = false;
        return;
      }
      this.again();
      void next();
    };
    void next();
  }

  private keep(still: ImageBitmap | undefined): void {
    this.still?.close();
    this.still = still;
  }

  private missed(count: number): void {
    if (count > 0 && !this.held) this.dropped += count;
  }

  private async take(): Promise<void> {
    const { source, engine } = this;
    if (this.busy || this.held || !source || !engine || !this.fresh) return;
    this.busy = true;
    this.fresh = false;
    const turn = this.turn;
    try {
      await this.paint(source, engine, turn);
    } catch (error) {
      if (turn === this.turn && engine === this.engine) this.failed(error);
    } finally {
      this.busy = false;
    }
    void this.take();
  }

  private async paint(source: Source, engine: Engine, turn: number): Promise<void> {
    const shape = { width: source.width, height: source.height };
    const size = await this.agree(source, engine);
    const start = performance.now();
    const frame = await this.grab(source);
    if (!frame) return;
    // A phone may have been turned meanwhile: its 'resize' event asks again.
    if (!sameShape(sizeOf(frame), shape)) {
      frame.close();
      return;
    }
    const before = await scaler.scale(frame, size);
    let shown = false;
    try {
      const painting = await engine.paint(before, size, source.video?.paused === false);
      try {
        if (turn !== this.turn || this.held) return;
        shown = true;
        this.view.show(before, painting);
        this.count(source, painting.ms, performance.now() - start);
      } finally {
        painting.close();
      }
    } finally {
      if (!shown) before.close();
    }
  }

  // A picture of what the source shows now, the caller's to close.
  private async grab(source: Source): Promise<Frame | undefined> {
    const stands = source.kind === 'camera' && source.video?.paused;
    if (!stands) {
      this.keep(undefined);
      return shownBy(source);
    }
    if (!this.still) {
      const { turn } = this;
      const frame = await shownBy(source);
      const still = frame && (await scaler.scale(frame, sizeOf(frame)));
      if (turn !== this.turn) return void still?.close();
      this.keep(still);
    }
    return this.still && createImageBitmap(this.still);
  }

  // The size to paint now. A new one is prepared first: what moves goes on in the old one until then.
  private async agree(source: Source, engine: Engine): Promise<Size> {
    const wanted = this.size()!;
    const { ready } = this;
    const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height;
    if (ready?.engine === engine && same(ready.size, wanted)) return wanted;
    const prepared = () => engine.prepare(wanted).then(() => (this.ready = { engine, source, size: wanted }));
    const stays = ready?.engine === engine && ready.source === source && sameShape(ready.size, wanted);
    if (!stays || !source.video || source.video.paused) {
      await prepared();
      return wanted;
    }
    const key = `${wanted.width} ${wanted.height}`;
    if (this.preparing === key) return ready.size;
    this.preparing = key;
    prepared()
      .then(
        () => this.again(),
        (error) => engine === this.engine && this.failed(error),
      )
      .finally(() => (this.preparing = ''));
    return ready.size;
  }

  private count(source: Source, ms: number, took: number): void {
    this.log.push({ at: performance.now(), ms });
    this.painted();
    if (this.shorter || this.locked || !source.video || source.video.paused) return;
    const limit = Math.min(source.width, source.height);
    // Twenty-five a second look fluent; above that a larger picture is worth more.
    if (this.auto.note(took, Math.max(40, 1000 / source.rate), limit)) this.fresh = true;
  }
}

// Sizes are rounded to even numbers, of which the smallest is 32: two shapes may be a sixteenth apart.
function sameShape(a: Size, b: Size): boolean {
  return Math.abs(Math.log((a.width * b.height) / (a.height * b.width))) < 0.07;
}

function sizeOf(frame: Frame): Size {
  if (frame instanceof ImageBitmap) return { width: frame.width, height: frame.height };
  return { width: frame.displayWidth, height: frame.displayHeight };
}

async function shownBy({ video, bitmap }: Source): Promise<Frame | undefined> {
  if (bitmap) return createImageBitmap(bitmap);
  if (!video || video.readyState < 2) return undefined;
  if (typeof VideoFrame === 'undefined') return createImageBitmap(video);
  return new VideoFrame(video, { timestamp: Math.round(video.currentTime * 1e6) });
}
