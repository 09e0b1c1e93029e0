// A track that is painted, whatever the path: what its paths have in common.
import type { PainterLink } from './link.js';
import { ending } from './streams.js';
import type { TrackPath } from './types.js';

export interface Running {
  readonly path: TrackPath;
  readonly output: MediaStreamTrack;
  /** Another worker paints; lost: the one before is gone, with the frame that it had. Resolves when it owes nothing. */
  move(link: PainterLink, lost: boolean): Promise<void>;
  /** Frames of so many pixels and more will never be painted. */
  refuse(pixels: number, sentence: string): void;
  /** Resolves when every frame is closed, or does not come back. why: a sentence when that is an error. */
  stop(why?: string): Promise<void>;
}

export const lastFrameMs = 3000; // for the last frame to come back

/**
 * stop() of the track that was handed out tells nobody; so it tells us. Returns what ends the track for whoever was given
 * it (streams.ts).
 */
export function hearStop(output: MediaStreamTrack, onstop: () => void): () => void {
  output.stop = () => {
    MediaStreamTrack.prototype.stop.call(output);
    onstop();
  };
  return ending(output);
}
