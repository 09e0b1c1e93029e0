// The path of browsers without insertable streams: <video>, painter, canvas, captureStream.
import type { Counts } from './counts.js';
import { TemperaError, sentenceOf } from './errors.js';
import type { Host } from './host.js';
import { badFramesAllowed } from './protocol.js';
import type { PumpWorker } from './pump.js';
import { PaintQueue } from './queue.js';
import { hearStop, lastFrameMs, type Running } from './running.js';
import { sourceOfVideo } from './sources.js';

const playMs = 1000; // a track without a frame yet never plays
const tickMs = 33; // where the browser tells of no frames, as in hidden tabs, a worker's clock says when to look
const lookMs = 250; // at the track, to see that it has ended: stop() of the page's own tells nobody
const silentMs = 750; // without a frame's callback: Safari's stay away where the video is not to be seen

export class CanvasPath implements Running {
  readonly path = 'canvas';
  readonly output: MediaStreamTrack;
  private readonly endOutput: () => void;
  private readonly video = document.createElement('video');
  private readonly canvas = document.createElement('canvas');
  private readonly context: CanvasRenderingContext2D;
  private readonly queue: PaintQueue;
  private over = false;
  private told = false;
  private busy = false;
  private newer = false;
  private callback = 0;
  private ticking = false;
  private bad = 0;
  private grabbed = -1;
  /** No callback has ever come. */
  private silent = false;
  private called = false;
  private playedAt = 0;
  private looking: ReturnType<typeof setInterval> | undefined;
  private readonly onvisibility = () => this.next();
  private readonly onended = () => void this.stop();
  private error = '';
  private ended: () => void = () => {};
  private readonly whenEnded = new Promise<void>((resolve) => (this.ended = resolve));

  private constructor(
    host: Host, private readonly counts: Counts, private readonly track: MediaStreamTrack,
    private readonly clock: PumpWorker, private readonly onend: (error: string) => void,
  ) {
    this.queue = new PaintQueue(host, counts);
    const context = this.canvas.getContext('2d', { alpha: false });
    if (!context) throw new TemperaError('browser', 'This browser gives no canvas to draw on.');
    this.context = context;
    const settings = track.getSettings();
    this.canvas.width = settings.width ?? 640;
    this.canvas.height = settings.height ?? 360;
    const output = this.canvas.captureStream().getVideoTracks()[0];
    if (!output) throw new TemperaError('browser', 'This browser makes no track of a canvas.');
    this.output = output;
    this.endOutput = hearStop(output, () => void this.stop());
    this.clock.hear = (message) => {
      if (message.type !== 'tick') return;
      this.ticking = false;
      this.shown();
    };
  }

  static async start(
    host: Host, counts: Counts, track: MediaStreamTrack, clock: PumpWorker, onend: (error: string) => void,
  ): Promise<CanvasPath> {
    const path = new CanvasPath(host, counts, track, clock, onend);
    const { video } = path;
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([track]);
    document.addEventListener('visibilitychange', path.onvisibility);
    track.addEventListener('ended', path.onended);
    const playing = video.play();
    const late = new Promise((resolve) => setTimeout(resolve, playMs));
    try {
      await Promise.race([playing, late, path.whenEnded]);
    } catch (thrown) {
      await path.stop();
      throw new TemperaError('source', `The track cannot be played (${sentenceOf(thrown)}).`);
    }
    playing.catch((thrown) => path.finish(`The track cannot be played (${sentenceOf(thrown)}).`));
    if (path.over) return path;
    path.playedAt = performance.now();
    path.looking = setInterval(() => path.look(), lookMs);
    path.next();
    return path;
  }

  private look(): void {
    if (this.track.readyState === 'ended' || this.output.readyState === 'ended') return void this.stop();
    if (this.called || this.silent || document.hidden || performance.now() - this.playedAt < silentMs) return;
    this.silent = true;
    this.next();
  }

  /** By the clock: nobody tells of pictures. */
  private get ticks(): boolean {
    return document.hidden || this.silent || typeof this.video.requestVideoFrameCallback !== 'function';
  }

  /** Asks to be told of the next picture, by whoever tells of it at the moment. */
  private next(): void {
    if (this.over) return;
    if (this.track.readyState === 'ended') return void this.stop();
    if (document.hidden || typeof this.video.requestVideoFrameCallback !== 'function') {
      if (this.callback) this.video.cancelVideoFrameCallback?.(this.callback);
      this.callback = 0;
    } else if (!this.callback) {
      this.callback = this.video.requestVideoFrameCallback(() => {
        this.callback = 0;
        this.called = true;
        this.silent = false;
        this.shown();
      });
    }
    if (!this.ticks || this.ticking) return;
    this.clock.tell({ type: 'tick', everyMs: tickMs });
    this.ticking = true;
  }

  /** The video shows a new picture, or may. */
  private shown(): void {
    if (this.over) return;
    if (!this.busy) void this.grab();
    else if (this.ticks) this.newer = true;
    else {
      if (this.newer) ++this.counts.own.dropped;
      this.newer = true;
    }
    this.next();
  }

  private async grab(): Promise<void> {
    const { video } = this;
    if (video.readyState < 2 || !this.isNew()) return;
    this.busy = true;
    try {
      const wish = { want: 'bitmap', live: true, timeUs: video.currentTime * 1e6 } as const;
      const painting = await this.queue.paint(sourceOfVideo(video, this.counts), wish);
      if (painting instanceof ImageBitmap) this.draw(painting);
      this.bad = 0;
    } catch (thrown) {
      const fatal = thrown instanceof TemperaError && ['closed', 'memory', 'model'].includes(thrown.code);
      if (fatal || ++this.bad > badFramesAllowed) this.finish(sentenceOf(thrown));
    } finally {
      this.busy = false;
      if (this.over) this.end();
    }
    if (!this.newer || this.over) return;
    this.newer = false;
    void this.grab();
  }

  /** As far as that can be known. A picture that was told of is. */
  private isNew(): boolean {
    const { video } = this;
    // Counts pictures, where it counts at all; times go on while a shared screen stands still.
    const count = document.hidden ? 0 : video.getVideoPlaybackQuality?.().totalVideoFrames;
    const mark = count || video.currentTime;
    if (this.ticks && mark === this.grabbed) return false;
    this.grabbed = mark;
    return true;
  }

  private draw(painting: ImageBitmap): void {
    const { canvas } = this;
    if (!this.over) {
      if (canvas.width !== painting.width) canvas.width = painting.width;
      if (canvas.height !== painting.height) canvas.height = painting.height;
      this.context.drawImage(painting, 0, 0);
    }
    painting.close();
  }

  /** The queue finds the new worker by itself. */
  move(): Promise<void> {
    return Promise.resolve();
  }
  refuse(): void {}

  async stop(why = ''): Promise<void> {
    this.finish(why);
    const late = setTimeout(() => this.end(), lastFrameMs);
    await this.whenEnded;
    clearTimeout(late);
  }

  private finish(error: string): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.looking);
    document.removeEventListener('visibilitychange', this.onvisibility);
    this.track.removeEventListener('ended', this.onended);
    if (this.callback) this.video.cancelVideoFrameCallback?.(this.callback);
    this.video.pause();
    this.video.srcObject = null;
    this.clock.end();
    this.endOutput();
    this.error = error;
    if (!this.busy) this.end();
  }

  /** Every frame is closed. */
  private end(): void {
    if (this.told) return;
    this.told = true;
    this.onend(this.error);
    this.ended();
  }
}
