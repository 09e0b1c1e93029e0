// Paints a film to its last frame, however long that takes, and keeps its sound as it is. Loaded when the first film
// is opened, because the reading and writing of films (mediabunny) is larger than the rest of the page.
import {
  BlobSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  Input,
  MATROSKA,
  MP4,
  Mp4OutputFormat,
  Output,
  QTFF,
  StreamTarget,
  WEBM,
  type InputAudioTrack,
  type InputVideoTrack,
  type Rotation,
  type StreamTargetChunk,
  type VideoCodec,
} from 'mediabunny';
import type { Engine, Painted } from './engine.js';
import { canDecode, decodedFrames, steppedFrames, type FilmFrame } from './film_read.js';
import { sizeFor, type Size } from './sizes.js';
import { copySound, Pace, type Heard } from './film_sound.js';
import { openStored } from './store.js';
import { isMemory, nameOf } from './words.js';

export interface Film {
  file: File;
  width: number;
  height: number;
  // 0 when the file does not say.
  frames: number;
  seconds: number;
  rate: number;
  // What is heard, or why nothing will be.
  sound: 'kept' | 'none' | 'lost';
  close(): void;
}

export interface Job {
  engine: Engine;
  video: HTMLVideoElement;
  // Of the painting: its shorter side.
  shorter: number;
  signal: AbortSignal;
  // After each frame; the taker closes neither, and is done with both when it resolves.
  progress(done: number, frame: VideoFrame, painting: Painted): Promise<void> | void;
}

export interface Done {
  file: Blob;
  frames: number;
  // By looking at frames in the <video>, because they could not be decoded.
  stepped: boolean;
  // The file ends, or is damaged, before its last frame.
  cut: boolean;
  // What became of the sound, where there is any that can be kept.
  heard: Heard;
  // The file is not offered any more.
  drop(): void;
}

export class FilmError extends Error {}

interface Opened extends Film {
  track: InputVideoTrack | null;
  audio: InputAudioTrack | null;
}

// Throws FilmError where this browser cannot write a film at all.
export async function openFilm(file: File, video: HTMLVideoElement): Promise<Film> {
  if (typeof VideoEncoder === 'undefined' || typeof VideoFrame === 'undefined') {
    throw new FilmError(
      'This browser paints films only as they play: it has no WebCodecs. ' +
        'Use Chrome, Edge, Safari 16.4 or Firefox 130 on a computer to paint a whole film, or press Record.',
    );
  }
  const input = new Input({ source: new BlobSource(file), formats: [MP4, QTFF, MATROSKA, WEBM] });
  const close = () => input.dispose();
  try {
    return await describe(file, input, close);
  } catch {
    close();
    const { videoWidth: width, videoHeight: height, duration } = video;
    const frames = Number.isFinite(duration) ? Math.round(duration * 30) : 0;
    const unread: Opened = {
      file,
      width,
      height,
      frames,
      seconds: frames / 30,
      rate: 30,
      sound: 'lost',
      track: null,
      audio: null,
      close: () => undefined,
    };
    return unread;
  }
}

async function describe(file: File, input: Input, close: () => void): Promise<Opened> {
  const track = await input.getPrimaryVideoTrack();
  if (!track) throw new Error('it holds no pictures');
  const audio = await input.getPrimaryAudioTrack();
  const stats = await track.computePacketStats();
  if (stats.packetCount === 0) throw new Error('it holds no whole frame');
  const kept = audio && soundCodecs().has((await audio.getCodec()) ?? '');
  return {
    file,
    close,
    track,
    audio: kept ? audio : null,
    width: await track.getSquarePixelWidth(),
    height: await track.getSquarePixelHeight(),
    frames: stats.packetCount,
    rate: stats.averagePacketRate || 30,
    seconds: await track.computeDuration(),
    sound: !audio ? 'none' : kept ? 'kept' : 'lost',
  };
}

function soundCodecs(): Set<string> {
  return new Set<string>(new Mp4OutputFormat().getSupportedAudioCodecs());
}

// H.264 first, because everything plays it; then what an MP4 may hold as well.
const codecs: [VideoCodec, string[]][] = [
  ['avc', ['avc1.640033', 'avc1.640028', 'avc1.4d0028', 'avc1.42e01f']],
  ['vp9', ['vp09.00.40.08']],
  ['av1', ['av01.0.08M.08']],
];

async function chooseEncoder(size: Size, rate: number): Promise<[VideoCodec, VideoEncoderConfig]> {
  for (const [codec, names] of codecs) {
    for (const name of names) {
      const config: VideoEncoderConfig = {
        codec: name,
        ...size,
        framerate: rate,
        latencyMode: 'quality',
        // 0.15 bits a pixel: strokes are finer than what films hold.
        bitrate: Math.max(1e6, Math.round(size.width * size.height * Math.min(rate, 60) * 0.15)),
        ...(codec === 'avc' ? { avc: { format: 'avc' as const } } : {}),
      };
      const answer = await VideoEncoder.isConfigSupported(config).catch(() => undefined);
      if (answer?.supported) return [codec, config];
    }
  }
  throw new FilmError('This browser cannot write films of this size. Choose a smaller size, or press Record.');
}

interface Place {
  target: StreamTarget | BufferTarget;
  take(): Promise<Blob>;
  drop(now: boolean): void;
}

// A file of the page's own; where the browser has none, memory.
async function openPlace(): Promise<Place> {
  try {
    const { handle, writable, drop } = await openStored();
    const target = new StreamTarget(writable as unknown as WritableStream<StreamTargetChunk>, { chunked: true });
    return { target, take: () => handle.getFile(), drop };
  } catch {
    const target = new BufferTarget();
    return { target, take: async () => new Blob([target.buffer!], { type: 'video/mp4' }), drop: () => undefined };
  }
}

// Encodes what it is given and hands packets on in their order.
class Writer {
  private failure: unknown;
  private chain: Promise<void> = Promise.resolve();
  private count = 0;
  private readonly encoder: VideoEncoder;

  constructor(
    config: VideoEncoderConfig,
    private readonly keyEvery: number,
    to: EncodedVideoPacketSource,
  ) {
    this.encoder = new VideoEncoder({
      output: (chunk, meta) => {
        this.chain = this.chain.then(() => to.add(EncodedPacket.fromEncodedChunk(chunk), meta));
        this.chain.catch((error) => (this.failure ??= error));
      },
      error: (error) => (this.failure ??= error),
    });
    this.encoder.configure(config);
  }

  // Closes nothing.
  async write(frame: VideoFrame): Promise<void> {
    this.check();
    this.encoder.encode(frame, { keyFrame: this.count % this.keyEvery === 0 });
    this.count += 1;
    while (this.encoder.encodeQueueSize > 4 && !this.failure) {
      await new Promise((resolve) => this.encoder.addEventListener('dequeue', resolve, { once: true }));
    }
  }

  async end(): Promise<void> {
    this.check();
    await this.encoder.flush();
    await this.chain;
    this.check();
    this.close();
  }

  close(): void {
    if (this.encoder.state !== 'closed') this.encoder.close();
  }

  private check(): void {
    if (this.failure) throw this.failure;
  }
}

export async function paintFilm(film: Film, job: Job): Promise<Done> {
  const { track, audio } = film as Opened;
  const stepped = !track || !(await canDecode(track));
  // The <video> shows a film that lies on its side upright; decoded frames lie, and the file says by how much.
  const rotation: Rotation = track && !stepped ? await track.getRotation() : 0;
  const shown =
    track && stepped ? { width: await track.getDisplayWidth(), height: await track.getDisplayHeight() } : film;
  const size = sizeFor(shown, job.shorter);
  const [codec, config] = await chooseEncoder(size, film.rate);
  await job.engine.prepare(size);
  const place = await openPlace();
  const fast = place.target instanceof BufferTarget ? 'in-memory' : false;
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: fast }), target: place.target });
  const pictures = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(pictures, { rotation });
  const sound = audio && new EncodedAudioPacketSource((await audio.getCodec())!);
  if (sound) output.addAudioTrack(sound);
  const pace = new Pace();
  try {
    await output.start();
    // Two seconds between key frames: a player can jump, and films stay small.
    const writer = new Writer(config, Math.max(1, Math.round(film.rate * 2)), pictures);
    const listening = sound && audio ? copySound(audio, sound, pace, job.signal) : Promise.resolve<Heard>('whole');
    const frames = stepped ? steppedFrames(job.video, track) : decodedFrames(track);
    const { count, cut } = await paintAll(frames, size, writer, pace, job);
    pictures.close();
    const heard = await listening;
    await output.finalize();
    return { file: await place.take(), frames: count, stepped, cut, heard, drop: () => place.drop(false) };
  } catch (error) {
    await output.cancel().catch(() => undefined);
    place.drop(true);
    throw error;
  } finally {
    pace.end();
  }
}

interface Count {
  count: number;
  cut: boolean;
}

// What is no damage of the film's: these end the work, in words.
const notTheFilm = ['NotReadableError', 'NotFoundError', 'QuotaExceededError', 'InvalidStateError', 'AbortError'];

function isDamage(error: unknown): boolean {
  // A parser that runs over the end of a file that is cut off says RangeError, as a lack of memory does.
  const text = error instanceof Error ? error.message : '';
  if (nameOf(error) === 'RangeError') return !/memory|allocat/i.test(text);
  return !notTheFilm.includes(nameOf(error)) && !isMemory(error);
}

// Undefined: there are no more, because the rest is damaged or missing.
async function nextOf(frames: AsyncGenerator<FilmFrame>): Promise<IteratorResult<FilmFrame> | undefined> {
  try {
    return await frames.next();
  } catch (error) {
    if (isDamage(error)) return undefined;
    const gone = ['NotReadableError', 'NotFoundError'].includes(nameOf(error));
    throw gone ? new FilmError('its file changed, or cannot be read any more. Open it again.') : error;
  }
}

// What can be read of a damaged film is painted and kept; what goes wrong while painting ends the work.
async function paintAll(
  frames: AsyncGenerator<FilmFrame>,
  size: Size,
  writer: Writer,
  pace: Pace,
  job: Job,
): Promise<Count> {
  let count = 0;
  let cut = false;
  try {
    for (;;) {
      const next = await nextOf(frames);
      cut = next === undefined;
      if (!next || next.done) break;
      const { timestampUs } = next.value;
      await paintOne(next.value, size, writer, job, count + 1);
      count += 1;
      pace.reach(timestampUs / 1e6);
    }
    if (count === 0) {
      throw new FilmError('No frame of this film could be read. Convert it to MP4 (H.264) and try again.');
    }
    await writer.end();
    return { count, cut };
  } finally {
    pace.end();
    await frames.return(undefined).catch(() => undefined);
    writer.close();
  }
}

async function paintOne(film: FilmFrame, size: Size, writer: Writer, job: Job, count: number): Promise<void> {
  const { frame, timestampUs: timestamp, durationUs: duration } = film;
  try {
    job.signal.throwIfAborted();
    const painting = await job.engine.paintToEncode(frame, size);
    try {
      const toWrite = new VideoFrame(painting.image, { timestamp, duration, alpha: 'discard' });
      await writer.write(toWrite).finally(() => toWrite.close());
      await job.progress(count, frame, painting);
    } finally {
      painting.close();
    }
  } finally {
    frame.close();
  }
}
