// Paints a film to its last frame, however long that takes, and keeps its sound as it is. Loaded when the first film
// is opened, because the reading and writing of films (mediabunny) is larger than the rest of the page.
import {
  BlobSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
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
  // After each frame; the taker closes neither.
  progress(done: number, frame: VideoFrame, painting: Painted): void;
}

export interface Done {
  file: Blob;
  frames: number;
  // By looking at frames in the <video>, because they could not be decoded.
  stepped: boolean;
  // The file ends, or is damaged, before its last frame.
  cut: boolean;
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
}

const day_ms = 86400000;

// A file of the page's own, so that a long film needs no memory; where the browser has none, memory.
async function openPlace(): Promise<Place> {
  try {
    const folder = await navigator.storage.getDirectory();
    await sweep(folder);
    const handle = await folder.getFileHandle(`film-${Date.now()}.mp4`, { create: true });
    const writable = await handle.createWritable();
    const target = new StreamTarget(writable as unknown as WritableStream<StreamTargetChunk>, { chunked: true });
    return { target, take: () => handle.getFile() };
  } catch {
    const target = new BufferTarget();
    return { target, take: async () => new Blob([target.buffer!], { type: 'video/mp4' }) };
  }
}

// What earlier visits left; another tab may still offer today's.
async function sweep(folder: FileSystemDirectoryHandle): Promise<void> {
  const entries = (folder as unknown as { keys(): AsyncIterable<string> }).keys();
  for await (const name of entries) {
    const made = Number(/^film-(\d+)\.mp4$/.exec(name)?.[1]);
    if (made && Date.now() - made > day_ms) await folder.removeEntry(name).catch(() => undefined);
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
    private readonly key_every: number,
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
    this.encoder.encode(frame, { keyFrame: this.count % this.key_every === 0 });
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
  try {
    await output.start();
    // Two seconds between key frames: a player can jump, and films stay small.
    const writer = new Writer(config, Math.max(1, Math.round(film.rate * 2)), pictures);
    const heard = sound && audio ? copySound(audio, sound, job.signal) : Promise.resolve();
    heard.catch(() => undefined);
    const frames = stepped ? steppedFrames(job.video, track) : decodedFrames(track);
    const { count, cut } = await paintAll(frames, size, writer, job);
    pictures.close();
    await heard;
    await output.finalize();
    return { file: await place.take(), frames: count, stepped, cut };
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

interface Count {
  count: number;
  cut: boolean;
}

// What can be read of a damaged film is painted and kept; what goes wrong while painting ends the work.
async function paintAll(frames: AsyncGenerator<FilmFrame>, size: Size, writer: Writer, job: Job): Promise<Count> {
  let count = 0;
  let cut = false;
  try {
    for (;;) {
      const next = await frames.next().catch(() => undefined);
      cut = next === undefined;
      if (!next || next.done) break;
      await paintOne(next.value, size, writer, job, count + 1);
      count += 1;
    }
    if (count === 0) {
      throw new FilmError('No frame of this film could be read. Convert it to MP4 (H.264) and try again.');
    }
    await writer.end();
    return { count, cut };
  } finally {
    await frames.return(undefined).catch(() => undefined);
    writer.close();
  }
}

async function paintOne(film: FilmFrame, size: Size, writer: Writer, job: Job, count: number): Promise<void> {
  const { frame, timestamp_us: timestamp, duration_us: duration } = film;
  try {
    job.signal.throwIfAborted();
    const painting = await job.engine.paintToEncode(frame, size);
    try {
      const to_write = new VideoFrame(painting.image, { timestamp, duration, alpha: 'discard' });
      await writer.write(to_write).finally(() => to_write.close());
      job.progress(count, frame, painting);
    } finally {
      painting.close();
    }
  } finally {
    frame.close();
  }
}

// Packet by packet, nothing is encoded anew.
async function copySound(track: InputAudioTrack, to: EncodedAudioPacketSource, signal: AbortSignal): Promise<void> {
  const decoderConfig = (await track.getDecoderConfig()) ?? undefined;
  const packets = new EncodedPacketSink(track).packets();
  while (!signal.aborted) {
    // A file that is cut off has as much sound as it has.
    const next = await packets.next().catch(() => undefined);
    if (!next || next.done) break;
    await to.add(next.value, { decoderConfig } as EncodedAudioChunkMetadata);
  }
  to.close();
}
