// Saves what is seen: one picture as PNG, or what is painted from now on, with sound.

export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// tempera-great-wave-2026-11-29-17-30-05.png
export function fileName(style: string, ending: string): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60000).toISOString();
  const name =
    style
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase() || 'style';
  return `tempera-${name}-${local.slice(0, 19).replace(/[T:]/g, '-')}.${ending}`;
}

export function snapshot(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new RangeError('no memory for the picture'))), 'image/png');
  });
}

// MP4 first: every phone plays it. H.264 and AAC before Opus, which not all players take in MP4.
const types: [container: string, picture: string, sound: string][] = [
  ['video/mp4', 'avc1.42E01F', 'mp4a.40.2'],
  ['video/mp4', 'avc1.42E01F', 'opus'],
  ['video/webm', 'vp9', 'opus'],
  ['video/webm', 'vp8', 'opus'],
  ['video/webm', '', ''],
  ['video/mp4', '', ''],
];

// sound: whether there is any. Firefox waits for it for ever, and records nothing, where its codec is named and none comes.
export function recordingType(sound: boolean): string | undefined {
  if (typeof MediaRecorder === 'undefined' || !HTMLCanvasElement.prototype.captureStream) return undefined;
  return types
    .map(([container, picture, heard]) => {
      if (!picture) return container;
      return `${container};codecs=${sound ? `${picture},${heard}` : picture}`;
    })
    .find((type) => MediaRecorder.isTypeSupported(type));
}

// What the <video> plays, as a track to record; and whether it is heard. An element can be connected once only.
export class FilmSound {
  private context: AudioContext | undefined;
  private gain: GainNode | undefined;
  private sink: MediaStreamAudioDestinationNode | undefined;

  constructor(private readonly video: HTMLVideoElement) {}

  // A film that is opened is silent, whatever was heard of the one before.
  silence(): void {
    if (this.gain) this.gain.gain.value = 0;
  }

  hear(on: boolean): void {
    this.connect();
    if (this.gain) this.gain.gain.value = on ? 1 : 0;
  }

  track(): MediaStreamTrack | undefined {
    const heard = this.gain?.gain.value ?? 0;
    this.hear(heard > 0);
    return this.sink?.stream.getAudioTracks()[0];
  }

  // From a gesture only: browsers start no sound by themselves.
  private connect(): void {
    if (!this.context) {
      this.context = new AudioContext();
      const from = this.context.createMediaElementSource(this.video);
      this.gain = this.context.createGain();
      this.sink = this.context.createMediaStreamDestination();
      from.connect(this.gain).connect(this.context.destination);
      from.connect(this.sink);
    }
    void this.context.resume();
    this.video.muted = false;
  }
}

// One recording, from its start to its file.
class Recording {
  readonly started = performance.now();
  // Resolves with what there is, also when the browser ends it by itself.
  readonly ended: Promise<Blob>;
  private readonly recorder: MediaRecorder;

  // mine: sound that ends with the recording, a microphone's. lent: sound that goes on after it.
  constructor(canvas: HTMLCanvasElement, type: string, mine: MediaStreamTrack[], lent: MediaStreamTrack[]) {
    const stream = canvas.captureStream();
    for (const track of [...mine, ...lent]) stream.addTrack(track);
    // 0.15 bits a pixel thirty times a second: strokes are finer than what films hold.
    const rate = Math.max(2.5e6, canvas.width * canvas.height * 30 * 0.15);
    const own = [...stream.getVideoTracks(), ...mine];
    try {
      this.recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: rate });
      const parts: Blob[] = [];
      this.recorder.ondataavailable = (event) => event.data.size > 0 && parts.push(event.data);
      this.ended = new Promise((resolve) => {
        // After an error as well: what was recorded until then is kept.
        this.recorder.onstop = () => {
          for (const track of own) track.stop();
          resolve(new Blob(parts, { type: type.split(';')[0]! }));
        };
      });
      this.recorder.start(1000);
    } catch (error) {
      for (const track of own) track.stop();
      throw error;
    }
  }

  stop(): Promise<Blob> {
    if (this.recorder.state !== 'inactive') this.recorder.stop();
    return this.ended;
  }

  hold(held: boolean): void {
    if (held && this.recorder.state === 'recording') this.recorder.pause();
    if (!held && this.recorder.state === 'paused') this.recorder.resume();
  }
}

export class Recorder {
  // The browser ended it by itself.
  broken: (blob: Blob) => void = () => undefined;
  private current: Recording | undefined;

  get running(): boolean {
    return this.current !== undefined;
  }

  get seconds(): number {
    return this.current ? (performance.now() - this.current.started) / 1000 : 0;
  }

  start(canvas: HTMLCanvasElement, type: string, mine: MediaStreamTrack[], lent: MediaStreamTrack[]): void {
    const recording = new Recording(canvas, type, mine, lent);
    this.current = recording;
    void recording.ended.then((blob) => {
      if (this.current !== recording) return;
      this.current = undefined;
      this.broken(blob);
    });
  }

  // Of no recording, or one that is ended already: nothing.
  stop(): Promise<Blob | undefined> {
    const recording = this.current;
    this.current = undefined;
    return recording?.stop() ?? Promise.resolve(undefined);
  }

  // Of a film in a hidden tab nothing is painted; the recording waits with it.
  hold(held: boolean): void {
    this.current?.hold(held);
  }
}

export async function microphone(): Promise<MediaStreamTrack | undefined> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return stream.getAudioTracks()[0];
  } catch {
    return undefined;
  }
}
