// Pictures on their way to the painter: one is painted, one waits, and a newer one takes the place of that.
import type { Counts } from './counts.js';
import { TemperaError } from './errors.js';
import type { Host } from './host.js';
import { codeOf, type PainterLink } from './link.js';
import {
  release, transferOf, type FailedMessage, type PaintedMessage, type Result, type Source, type Want,
} from './protocol.js';
import { timeOf } from './sources.js';

export interface Wish {
  want: Want;
  live: boolean;
  /** Default: as the picture says. */
  timeUs?: number;
  /** Milliseconds until the worker is taken for stuck. */
  timeout?: number | undefined;
}
interface Job extends Wish {
  source: Promise<Source>;
  resolve(result: Result | null): void;
  reject(error: unknown): void;
}

export class PaintQueue {
  private busy = false;
  private waiting: Job | null = null;

  constructor(private readonly host: Host, private readonly counts: Counts) {}

  /**
   * Takes the source: it is closed here or in the worker. A promise of it, because reading a picture takes its time and
   * the place in the queue is that of the call. null: a newer picture took its place.
   */
  paint(source: Promise<Source>, wish: Wish): Promise<Result | null> {
    source.catch(() => {}); // told to whoever waits for the painting
    return new Promise((resolve, reject) => {
      const job: Job = { ...wish, source, resolve, reject };
      if (!this.busy) return void this.run(job);
      if (this.waiting) this.drop(this.waiting);
      this.waiting = job;
    });
  }

  private drop(job: Job): void {
    ++this.counts.own.dropped;
    job.source.then((source) => this.close(source), () => {});
    job.resolve(null);
  }

  private close(source: Source): void {
    this.counts.own.closed += release(source);
  }

  private async run(job: Job): Promise<void> {
    this.busy = true;
    try {
      job.resolve(await this.painted(job, await job.source));
    } catch (thrown) {
      job.reject(thrown);
    } finally {
      this.busy = false;
      const next = this.waiting;
      this.waiting = null;
      if (next) void this.run(next);
    }
  }

  private async painted(job: Job, first: Source): Promise<Result> {
    for (let source = first; ;) {
      const { reply, link } = await this.asked(job, source);
      this.counts.frames(reply);
      if (reply.type === 'painted') {
        ++this.counts.own.painted;
        this.counts.last(reply);
        return reply.result;
      }
      if (reply.source === null) throw new TemperaError(codeOf[reply.code], reply.text);
      source = reply.source;
      try {
        await this.host.better(reply, link);
      } catch (thrown) {
        this.close(source);
        throw thrown;
      }
    }
  }

  private async asked(job: Job, source: Source): Promise<{ reply: PaintedMessage | FailedMessage; link: PainterLink }> {
    const { want, live, timeUs = timeOf(source), timeout } = job;
    let late: ReturnType<typeof setTimeout> | undefined;
    try {
      const link = await this.host.alive();
      if (timeout !== undefined) late = setTimeout(() => link.die(`a frame took longer than ${timeout} ms`), timeout);
      const message = { type: 'frame', source, want, live, timeUs } as const;
      const reply = await link.ask((id) => ({ ...message, id }), transferOf(source));
      if (reply.type === 'prepared') throw new TemperaError('crash', 'The painting worker answered another question.');
      return { reply, link };
    } catch (thrown) {
      this.close(source); // no harm when it was handed over: a frame that goes down with its worker is closed with it
      throw thrown;
    } finally {
      clearTimeout(late);
    }
  }
}
