// <tempera-video camera model="starry-night.onnx"></tempera-video>
// <tempera-video src="film.mp4" model="starry-night.onnx" strength="0.8"></tempera-video>
// Shows a camera or a film, painted. Attributes that are named like the model's parameters set them.
// Events: ready, when the model is loaded; error, with the sentence in event.detail.
import { Tempera, TemperaError } from './index.js';

const own = ['src', 'camera', 'model'];
const badFramesAllowed = 10; // in a row
const hiddenMs = 250; // between looks at a video whose pictures nobody is shown
// In Node, where pages are made in advance, there are no elements.
const Base = (typeof HTMLElement === 'function' ? HTMLElement : class {}) as typeof HTMLElement;

export class TemperaVideoElement extends Base {
  static readonly observedAttributes = own;
  /** The painter behind it; null before ready. */
  tempera: Tempera | null = null;
  private video: HTMLVideoElement | null = null;
  private canvas: HTMLCanvasElement | null = null;
  private run = new AbortController();
  private readonly watcher = new MutationObserver((changes) => this.take(changes.map((c) => c.attributeName ?? '')));
  private starting = false;

  connectedCallback(): void {
    this.watcher.observe(this, { attributes: true });
    if (!this.canvas) {
      this.canvas = document.createElement('canvas');
      // By the object model, not by a style sheet: a strict policy forbids those that are written out.
      Object.assign(this.canvas.style, { width: '100%', height: '100%', objectFit: 'contain' });
      if (!this.style.display) this.style.display = 'inline-block';
      this.attachShadow({ mode: 'open' }).append(this.canvas);
    }
    this.restart();
  }

  disconnectedCallback(): void {
    this.watcher.disconnect();
    this.end();
  }

  attributeChangedCallback(): void {
    if (this.isConnected && this.canvas) this.restart();
  }

  /** Once for all attributes that change together. */
  private restart(): void {
    if (this.starting) return;
    this.starting = true;
    queueMicrotask(() => {
      this.starting = false;
      this.end();
      if (this.isConnected && this.getAttribute('model')) void this.start(this.run.signal);
    });
  }

  private end(): void {
    this.run.abort();
    this.run = new AbortController();
    this.tempera = null;
  }

  private async start(signal: AbortSignal): Promise<void> {
    // Ends what is loading still when the other part has failed.
    const control = new AbortController();
    signal.addEventListener('abort', () => control.abort(), { once: true });
    let loading: Promise<Tempera> | null = null;
    const close = () => {
      control.abort();
      loading?.then((tempera) => tempera.close(), () => {});
    };
    signal.addEventListener('abort', close, { once: true });
    try {
      const model = new URL(this.getAttribute('model') ?? '', document.baseURI);
      loading = Tempera.load({ model, signal: control.signal });
      const [tempera, video] = await Promise.all([loading, this.open(control.signal)]);
      if (signal.aborted) return;
      this.tempera = tempera;
      this.take(this.getAttributeNames());
      this.dispatchEvent(new Event('ready'));
      await this.paintAll(tempera, video, signal);
    } catch (thrown) {
      if (signal.aborted) return;
      close();
      this.tempera = null;
      this.dispatchEvent(new CustomEvent('error', { detail: sentenceOf(thrown) }));
    }
  }

  private async paintAll(tempera: Tempera, video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
    let bad = 0;
    let painted = -1;
    while (!signal.aborted) {
      const isNew = await nextPicture(video, signal);
      if (signal.aborted || video.readyState < 2 || (!isNew && video.currentTime === painted)) continue;
      painted = video.currentTime;
      try {
        this.show(await tempera.paint(video));
        bad = 0;
      } catch (thrown) {
        const fatal = thrown instanceof TemperaError && ['closed', 'memory', 'model', 'network'].includes(thrown.code);
        if (fatal || ++bad > badFramesAllowed) throw thrown;
      }
    }
  }

  /** The camera or film, played. Aborting gives the camera back, whenever it comes. */
  private async open(signal: AbortSignal): Promise<HTMLVideoElement> {
    const video = document.createElement('video');
    this.video = video;
    Object.assign(video, { muted: true, loop: true, playsInline: true, crossOrigin: 'anonymous' });
    const aborted = new Promise<never>((_, reject) => {
      const abort = () => {
        if (video.srcObject instanceof MediaStream) video.srcObject.getTracks().forEach((track) => track.stop());
        video.srcObject = null;
        video.removeAttribute('src');
        if (this.video === video) this.video = null;
        reject(new DOMException('It was aborted.', 'AbortError'));
      };
      signal.addEventListener('abort', abort, { once: true });
    });
    aborted.catch(() => {});
    if (this.hasAttribute('camera')) {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      if (signal.aborted) stream.getTracks().forEach((track) => track.stop());
      else video.srcObject = stream;
    } else {
      const src = this.getAttribute('src');
      if (!src) throw new TemperaError('source', 'Give <tempera-video> a src, or camera.');
      video.src = new URL(src, document.baseURI).href;
    }
    await Promise.race([video.play(), aborted]);
    return video;
  }

  private show(painting: ImageBitmap | null): void {
    const canvas = this.canvas;
    if (!painting || !canvas) return;
    if (canvas.width !== painting.width) canvas.width = painting.width;
    if (canvas.height !== painting.height) canvas.height = painting.height;
    canvas.getContext('2d')?.drawImage(painting, 0, 0);
    painting.close();
  }

  /** Those of these attributes that are named like a parameter; one that was taken away is its default again. */
  private take(names: string[]): void {
    for (const { name, kind, default: initial } of this.tempera?.params ?? []) {
      if (!names.includes(name)) continue;
      const text = this.getAttribute(name);
      // As in HTML: a switch that is there without a value is on.
      const switched = kind === 'switch' && text !== null ? switches[text] : undefined;
      const values = text === null ? initial : switched ?? text.trim().split(/[\s,]+/).map(numberOf);
      try {
        if (Array.isArray(values) && values.some(Number.isNaN)) throw new Error(`${name} takes a number, not "${text}".`);
        this.tempera?.set(name, Array.isArray(values) && values.length === 1 ? values[0]! : values);
      } catch (thrown) {
        this.dispatchEvent(new CustomEvent('error', { detail: (thrown as Error).message }));
      }
    }
  }
}

const switches: Record<string, number> = { '': 1, true: 1, false: 0 };

/** '' is no number, though Number takes it for 0. */
function numberOf(text: string): number {
  return text === '' ? NaN : Number(text);
}

function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** true when the video shows another picture, false when it may: one that is hidden or taken away tells nobody. */
function nextPicture(video: HTMLVideoElement, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (isNew: boolean) => {
      clearTimeout(late);
      signal.removeEventListener('abort', abort);
      if (callback) video.cancelVideoFrameCallback?.(callback);
      resolve(isNew);
    };
    const abort = () => done(false);
    const tells = typeof video.requestVideoFrameCallback === 'function';
    const late = setTimeout(() => done(false), tells ? hiddenMs : 33);
    const callback = tells ? video.requestVideoFrameCallback(() => done(true)) : 0;
    signal.addEventListener('abort', abort, { once: true });
  });
}

if (typeof customElements === 'object' && !customElements.get('tempera-video')) {
  customElements.define('tempera-video', TemperaVideoElement);
}

declare global {
  interface HTMLElementTagNameMap {
    'tempera-video': TemperaVideoElement;
  }
}
