// <tempera-video camera model="starry-night.onnx"></tempera-video>
// <tempera-video src="film.mp4" model="starry-night.onnx" strength="0.8"></tempera-video>
// Shows a camera or a film, painted. Attributes that are named like the model's parameters set them.
// Events: ready, when the model is loaded; error, with the sentence in event.detail.
import { Tempera, TemperaError } from './index.js';

const own = ['src', 'camera', 'model'];
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
    this.tempera?.close();
    this.tempera = null;
    const stream = this.video?.srcObject;
    if (stream instanceof MediaStream) stream.getTracks().forEach((track) => track.stop());
    if (this.video) this.video.srcObject = null;
    this.video?.removeAttribute('src');
    this.video = null;
  }

  private async start(signal: AbortSignal): Promise<void> {
    try {
      const model = new URL(this.getAttribute('model') ?? '', document.baseURI);
      const [tempera, video] = await Promise.all([Tempera.load({ model, signal }), this.open(signal)]);
      if (signal.aborted) return tempera.close();
      this.tempera = tempera;
      this.take(this.getAttributeNames());
      this.dispatchEvent(new Event('ready'));
      while (!signal.aborted) {
        await nextPicture(video);
        if (signal.aborted || video.readyState < 2) continue;
        this.show(await tempera.paint(video));
      }
    } catch (thrown) {
      if (signal.aborted) return;
      const sentence = thrown instanceof Error ? thrown.message : String(thrown);
      this.dispatchEvent(new CustomEvent('error', { detail: sentence }));
    }
  }

  private async open(signal: AbortSignal): Promise<HTMLVideoElement> {
    const video = document.createElement('video');
    this.video = video;
    Object.assign(video, { muted: true, loop: true, playsInline: true, crossOrigin: 'anonymous' });
    if (this.hasAttribute('camera')) {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      if (signal.aborted) stream.getTracks().forEach((track) => track.stop());
      video.srcObject = stream;
    } else {
      const src = this.getAttribute('src');
      if (!src) throw new TemperaError('source', 'Give <tempera-video> a src, or camera.');
      video.src = new URL(src, document.baseURI).href;
    }
    await video.play();
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
    for (const { name, default: initial } of this.tempera?.params ?? []) {
      if (!names.includes(name)) continue;
      const text = this.getAttribute(name);
      const values = text === null ? initial : text.trim().split(/[\s,]+/).map(Number);
      try {
        this.tempera?.set(name, Array.isArray(values) && values.length === 1 ? values[0]! : values);
      } catch (thrown) {
        this.dispatchEvent(new CustomEvent('error', { detail: (thrown as Error).message }));
      }
    }
  }
}

function nextPicture(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if (typeof video.requestVideoFrameCallback === 'function') video.requestVideoFrameCallback(() => resolve());
    else setTimeout(resolve, 33);
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
