// What stats reads.
import type { FrameCount } from './protocol.js';
import type { Stats, TrackPath } from './types.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Counts {
  readonly own: Mutable<Omit<Stats, 'crashes'>> = {
    painted: 0, dropped: 0, opened: 0, closed: 0, lastMs: 0, meanMs: 0, width: 0, height: 0, path: '', scaled: false,
    planBytes: 0,
  };
  /** Of the pump that runs now: its numbers are totals. */
  pump = { painted: 0, dropped: 0, opened: 0, closed: 0 };

  frames({ opened, closed }: FrameCount): void {
    this.own.opened += opened;
    this.own.closed += closed;
  }

  last(m: { ms: number; width: number; height: number; scaled: boolean; planBytes: number }): void {
    const own = this.own;
    own.lastMs = m.ms;
    own.meanMs = own.meanMs === 0 ? m.ms : own.meanMs * 0.9 + m.ms * 0.1;
    own.width = m.width;
    own.height = m.height;
    own.scaled = m.scaled;
    own.planBytes = m.planBytes;
  }

  path(path: TrackPath | ''): void {
    this.own.path = path;
  }

  /** The pump has ended: its totals become ours. */
  endPump(): void {
    for (const key of ['painted', 'dropped', 'opened', 'closed'] as const) {
      this.own[key] += this.pump[key];
      this.pump[key] = 0;
    }
  }

  read(crashes: number): Stats {
    const { own, pump } = this;
    return {
      ...own,
      painted: own.painted + pump.painted,
      dropped: own.dropped + pump.dropped,
      opened: own.opened + pump.opened,
      closed: own.closed + pump.closed,
      crashes,
    };
  }
}
