// A track in, a painted track out, on one of three paths.
//   chrome  the window takes the track apart and makes the new one; their streams go to the pump worker.
//   safari  the track itself goes to the pump worker, which does both.
//   canvas  a <video> shows the track, its pictures are painted onto a canvas, whose stream is the new track.
import { CanvasPath } from './canvas_path.js';
import type { Counts } from './counts.js';
import { TemperaError } from './errors.js';
import type { Host } from './host.js';
import type { PainterLink } from './link.js';
import type { FromPump } from './protocol.js';
import { PumpWorker, handOver } from './pump.js';
import { hearStop, lastFrameMs, type Running } from './running.js';
import { streams } from './streams.js';
import type { ProcessOptions } from './types.js';

const lookMs = 250; // at tracks, to see that they have ended

class PumpPath implements Running {
  output!: MediaStreamTrack;
  private over = false;
  private why = '';
  private moves = 0;
  /** Who waits for a move, by its number. */
  private readonly moving = new Map<number, () => void>();
  private endOutput: () => void = () => {};
  private ended: () => void = () => {};
  private readonly whenEnded = new Promise<void>((resolve) => (this.ended = resolve));
  private looking: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly path: 'chrome' | 'safari', private readonly pump: PumpWorker, private readonly counts: Counts,
    private readonly onend: (error: string) => void,
  ) {}

  chrome(track: MediaStreamTrack): void {
    const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } = streams;
    if (!Processor || !Generator) throw new TemperaError('browser', 'This browser has no insertable streams.');
    const { readable } = new Processor({ track, maxBufferSize: 1 });
    const output = new Generator({ kind: 'video' });
    const { writable } = output;
    this.pump.hear = (message) => this.hear(message);
    this.pump.tell({ type: 'pump', readable, writable }, [readable, writable] as unknown as Transferable[]);
    this.output = output;
    this.endOutput = hearStop(output, () => void this.stop());
    this.watch(track);
  }

  /** false: tracks cannot be transferred here. */
  async safari(track: MediaStreamTrack): Promise<boolean> {
    const made = new Promise<MediaStreamTrack>((resolve, reject) => {
      this.pump.hear = (message) => {
        if (message.type === 'track') resolve(message.track);
        if (message.type === 'ended') reject(new TemperaError('source', message.error));
      };
    });
    made.catch(() => {});
    if (!handOver(this.pump, track)) return false;
    this.output = await made;
    this.pump.hear = (message) => this.hear(message);
    this.endOutput = hearStop(this.output, () => void this.stop());
    this.watch(track);
    return true;
  }

  /** A track that was handed over tells nobody of its end, and one that ends before its first frame neither. */
  private watch(track: MediaStreamTrack): void {
    this.looking = setInterval(() => {
      if (track.readyState === 'ended' || this.output.readyState === 'ended') void this.stop();
    }, lookMs);
  }

  move(link: PainterLink, lost: boolean): Promise<void> {
    if (this.over) return Promise.resolve();
    const { port1, port2 } = new MessageChannel();
    link.tell({ type: 'port', port: port1 }, [port1]);
    const move = ++this.moves;
    return new Promise((resolve) => {
      this.moving.set(move, resolve);
      this.pump.tell({ type: 'painter', port: port2, lost, move }, [port2]);
    });
  }

  private moved(last: number): void {
    for (const [move, resolve] of this.moving) {
      if (move > last) continue;
      this.moving.delete(move);
      resolve();
    }
  }

  refuse(pixels: number, text: string): void {
    this.pump.tell({ type: 'refused', pixels, text });
  }

  async stop(why = ''): Promise<void> {
    this.why ||= why;
    if (!this.over) {
      this.pump.tell({ type: 'stop' });
      const late = setTimeout(() => this.finish(''), lastFrameMs);
      await this.whenEnded;
      clearTimeout(late);
    }
  }

  private hear(message: FromPump): void {
    switch (message.type) {
      case 'moved':
        return this.moved(message.move);
      case 'count':
      case 'ended': {
        const { painted, dropped, opened, closed } = message;
        if (message.type === 'count' || opened > 0) this.counts.pump = { painted, dropped, opened, closed };
        if (message.type === 'ended') this.finish(message.error);
        else if (message.last) this.counts.last(message.last);
        return;
      }
      default:
        return;
    }
  }

  private finish(error: string): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.looking);
    this.moved(Infinity);
    this.counts.endPump();
    this.pump.end();
    this.endOutput();
    this.onend(error || this.why);
    this.ended();
  }
}

function canvasWorks(): boolean {
  return typeof HTMLCanvasElement === 'function' && typeof HTMLCanvasElement.prototype.captureStream === 'function';
}

/** Nothing is painted before the first move(). onend: it is over, by an error when that is a sentence. */
export async function startProcess(
  host: Host, counts: Counts, track: MediaStreamTrack, options: ProcessOptions & { baseUrl?: string | URL },
  onend: (error: string) => void,
): Promise<Running> {
  if (track.kind !== 'video') throw new TemperaError('source', 'This is a sound track; give process() a video track.');
  if (track.readyState !== 'live') throw new TemperaError('source', 'This track has ended; start the camera anew.');
  const wanted = options.path;
  const hasChrome = !!streams.MediaStreamTrackProcessor && !!streams.MediaStreamTrackGenerator;
  const pump = new PumpWorker(options.baseUrl);
  try {
    let running: Running | null = null;
    // Whatever the answer: a stream that is handed to a worker before that runs may lose a frame at its end.
    const isSafari = await pump.probe();
    if (wanted === 'chrome' || (!wanted && hasChrome)) {
      const path = new PumpPath('chrome', pump, counts, onend);
      path.chrome(track);
      running = path;
    } else if (wanted !== 'canvas' && isSafari) {
      const path = new PumpPath('safari', pump, counts, onend);
      if (await path.safari(track)) running = path;
    }
    if (running) return running;
    if (wanted === 'safari') throw new TemperaError('browser', 'This browser gives workers no tracks.');
    if (!canvasWorks()) throw new TemperaError('browser', 'This browser cannot make a track; update it.');
    return await CanvasPath.start(host, counts, track, pump, onend);
  } catch (thrown) {
    pump.end();
    throw thrown;
  }
}
