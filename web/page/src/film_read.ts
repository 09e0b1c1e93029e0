// A film's frames, each once, in the order in which they are shown: decoded where the browser has WebCodecs, else
// stepped through in the <video>.
import { EncodedPacketSink, type EncodedPacket, type InputVideoTrack } from 'mediabunny';

export interface FilmFrame {
  // The taker closes it.
  frame: VideoFrame;
  timestampUs: number;
  durationUs: number;
}

export async function canDecode(track: InputVideoTrack): Promise<boolean> {
  if (typeof VideoDecoder === 'undefined') return false;
  const config = await track.getDecoderConfig().catch(() => null);
  if (!config) return false;
  return (await VideoDecoder.isConfigSupported(config).catch(() => undefined))?.supported === true;
}

// Frames wait here between the decoder, which calls back, and the loop that paints, which asks.
class Queue {
  readonly frames: VideoFrame[] = [];
  failure: Error | undefined;
  over = false;
  private wake: () => void = () => undefined;

  changed(): void {
    this.wake();
  }

  wait(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  fail(error: unknown): void {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
    this.wake();
  }
}

// Few frames are decoded ahead: a hardware decoder has a handful of pictures, and stalls when we hold them all.
const ahead = 3;

// A browser takes the decoder away from a tab that is hidden for long: another one goes on where that ended.
export async function* decodedFrames(track: InputVideoTrack): AsyncGenerator<FilmFrame> {
  const sink = new EncodedPacketSink(track);
  let last = -Infinity;
  for (let reclaimed = 0; ; reclaimed += 1) {
    const from = last === -Infinity ? null : await sink.getKeyPacket(last / 1e6);
    const before = last;
    try {
      for await (const frame of decodedFrom(track, sink.packets(from ?? undefined))) {
        if (frame.timestampUs <= last) {
          frame.frame.close();
          continue;
        }
        last = frame.timestampUs;
        yield frame;
      }
      return;
    } catch (error) {
      if (!isReclaimed(error)) throw error;
      // Not one frame further, again and again: there is no decoder to be had.
      if (last !== before) reclaimed = 0;
      if (reclaimed >= 3) throw error;
    }
  }
}

function isReclaimed(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}

async function* decodedFrom(
  track: InputVideoTrack,
  packets: AsyncGenerator<EncodedPacket, void, unknown>,
): AsyncGenerator<FilmFrame> {
  const queue = new Queue();
  const decoder = new VideoDecoder({
    output: (frame) => {
      queue.frames.push(frame);
      queue.changed();
    },
    error: (error) => queue.fail(error),
  });
  decoder.addEventListener('dequeue', () => queue.changed());
  const taken = () => {
    const frame = queue.frames.shift()!;
    return { frame, timestampUs: frame.timestamp, durationUs: frame.duration ?? 0 };
  };
  try {
    decoder.configure((await track.getDecoderConfig())!);
    let begun = false;
    for await (const packet of packets) {
      begun ||= packet.type === 'key';
      if (!begun) continue;
      if (queue.failure) throw queue.failure;
      decoder.decode(packet.toEncodedVideoChunk());
      while (queue.frames.length > 0 || decoder.decodeQueueSize > ahead) {
        if (queue.failure) throw queue.failure;
        if (queue.frames.length > 0) yield taken();
        else await queue.wait();
      }
    }
    // What it says of its failure comes before flush() is refused.
    if (queue.failure) throw queue.failure;
    decoder.flush().then(
      () => {
        queue.over = true;
        queue.changed();
      },
      (error) => queue.fail(error),
    );
    while (!queue.over || queue.frames.length > 0) {
      if (queue.frames.length > 0) yield taken();
      else if (queue.failure) throw queue.failure;
      else await queue.wait();
    }
  } finally {
    for (const frame of queue.frames) frame.close();
    if (decoder.state !== 'closed') decoder.close();
  }
}

function seek(video: HTMLVideoElement, seconds: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => end(new Error('the browser did not reach a frame of the film')), 10000);
    const end = (error?: Error) => {
      clearTimeout(late);
      video.removeEventListener('seeked', done);
      if (error) reject(error);
      else resolve();
    };
    const done = () => end();
    video.addEventListener('seeked', done);
    video.currentTime = seconds;
  });
}

// When frames are shown, from the file's index; without one, thirty a second are taken.
async function times(video: HTMLVideoElement, track: InputVideoTrack | null): Promise<[number, number][]> {
  const list: [number, number][] = [];
  if (track) {
    for await (const packet of new EncodedPacketSink(track).packets(undefined, undefined, { metadataOnly: true })) {
      list.push([packet.timestamp, packet.duration]);
    }
    return list.sort((a, b) => a[0] - b[0]);
  }
  for (let n = 0; n < video.duration * 30 - 0.5; n += 1) list.push([n / 30, 1 / 30]);
  return list;
}

export async function* steppedFrames(
  video: HTMLVideoElement,
  track: InputVideoTrack | null,
): AsyncGenerator<FilmFrame> {
  video.pause();
  // Some files do not say how long they are until their end was looked for.
  if (!Number.isFinite(video.duration)) await seek(video, 1e7);
  for (const [at, lasts] of await times(video, track)) {
    // Amid the frame: at its very beginning some browsers still show the one before.
    await seek(video, Math.min(at + Math.min(lasts, 0.02) / 2, video.duration));
    const timestampUs = Math.round(at * 1e6);
    yield {
      frame: new VideoFrame(video, { timestamp: timestampUs }),
      timestampUs,
      durationUs: Math.round(lasts * 1e6),
    };
  }
}
