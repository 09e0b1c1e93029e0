// A film's sound, copied packet by packet: nothing is encoded anew.
import { EncodedPacketSink, type EncodedAudioPacketSource, type InputAudioTrack } from 'mediabunny';

// short: the file ends, or is damaged, before the sound's end. lost: what was read could not be written.
export type Heard = 'whole' | 'short' | 'lost';

// How far the pictures are. Sound that ran ahead of them would wait in memory, and lie far from its pictures in the file.
export class Pace {
  private seconds = 0;
  private wake: () => void = () => undefined;

  reach(seconds: number): void {
    this.seconds = Math.max(this.seconds, seconds);
    this.wake();
  }

  // No more pictures come: nothing waits any longer.
  end(): void {
    this.reach(Infinity);
  }

  async until(seconds: number): Promise<void> {
    while (this.seconds < seconds) await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

const aheadSeconds = 1;

// Never rejects: a film without its sound is better than none.
export async function copySound(
  track: InputAudioTrack,
  to: EncodedAudioPacketSource,
  pace: Pace,
  signal: AbortSignal,
): Promise<Heard> {
  let heard: Heard = 'whole';
  try {
    const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
    const packets = new EncodedPacketSink(track).packets();
    while (!signal.aborted) {
      const next = await packets.next().catch(() => undefined);
      if (!next) heard = 'short';
      if (!next || next.done) break;
      await pace.until(next.value.timestamp - aheadSeconds);
      await to.add(next.value, { decoderConfig } as EncodedAudioChunkMetadata);
    }
  } catch {
    heard = 'lost';
  }
  to.close();
  return heard;
}
