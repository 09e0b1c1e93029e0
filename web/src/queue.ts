// Pictures on their way to the painter: one is painted, one waits, and a newer one takes the place of that.
import { TemperaError } from './errors.js';
import type { Counts } from './counts.js';
import type { Host } from './host.js';
import { codeOf } from './link.js';
import {
  isFrame, release, transferOf, type FailedMessage, type PaintedMessage, type Result, type Source, type Want,
} from './protocol.js';

interface Job {
  source: Source;
  want: Want;
  live: boolean;
  timeUs: number;
  resolve(result: Result | null): void;
  reject(error: unknown): void;
}

export class PaintQueue {
  private busy = false;
  private waiting: Job | null = null;

  constructor(private readonly host: Host, private readonly counts: Counts) {}

  /** Takes the source: it is closed here or in the worker. null: a newer picture took its place. */
  paint(source: Source, want: Want, live: boolean, timeUs: number): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      const job: Job = { source, want, live, timeUs, resolve, reject };
      if (!this.busy) return void this.run(job);
      if (this.waiting) this.drop(this.waiting);
      this.waiting = job;
    });
  }

  private drop(job: Job): void {
    ++this.counts.own.dropped;
    this.counts.own.closed += release(job.source);
    job.resolve(null);
  }

  private async run(job: Job): Promise<void> {
    this.busy = true;
    try {
      job.resolve(await this.painted(job));
    } catch (thrown) {
      job.reject(thrown);
    } finally {
      this.busy = false;
      const next = this.waiting;
      this.waiting = null;
      if (next) void this.run(next);
    }
  }

  private async painted(job: Job): Promise<Result> {
    for (;;) {
      const reply = await this.asked(job);
      this.counts.frames(reply);
      if (reply.type === 'painted') {
        ++this.counts.own.painted;
        this.counts.last(reply);
        return reply.result;
      }
      if (reply.source === null) throw new TemperaError(codeOf[reply.code], reply.text);
      job.source = reply.source;
      try {
        await this.host.grow(reply);
      } catch (thrown) {
        this.counts.own.closed += release(job.source);
        throw thrown;
      }
    }
  }

  private async asked(job: Job): Promise<PaintedMessage | FailedMessage> {
    const { source, want, live, timeUs } = job;
    // A frame that goes down with its worker is closed by the browser.
    const isVideoFrame = isFrame(source);
    try {
      const link = await this.host.alive();
      const message = { type: 'frame', source, want, live, timeUs } as const;
      const reply = await link.ask((id) => ({ ...message, id }), transferOf(source));
      if (reply.type === 'prepared') throw new TemperaError('crash', 'The painting worker answered another question.');
      return reply;
    } catch (thrown) {
      if (isVideoFrame) {
        source.close(); // no harm when it was handed over
        ++this.counts.own.closed;
      }
      throw thrown;
    }
  }
}
