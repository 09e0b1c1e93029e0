// The two canvases, one over the other, and the line between them. The painted one is always whole: pictures and
// recordings are taken from it.
import type { Painted } from './engine.js';

export class View {
  mirror = false;
  private cut = 0;
  private last: ImageBitmap | undefined;
  private readonly over: CanvasRenderingContext2D;
  private readonly under: CanvasRenderingContext2D;

  constructor(
    readonly painted: HTMLCanvasElement,
    private readonly before: HTMLCanvasElement,
    private readonly stage: HTMLElement,
    private readonly divider: HTMLElement,
  ) {
    this.under = painted.getContext('2d', { alpha: false })!;
    this.over = before.getContext('2d', { alpha: false })!;
    this.listen();
    this.setCut(cutAtFirst);
  }

  // Takes the frame over and closes it when the next one comes.
  show(frame: ImageBitmap, painting: Painted): void {
    const { width, height } = painting;
    if (this.painted.width !== width || this.painted.height !== height) {
      for (const canvas of [this.painted, this.before]) Object.assign(canvas, { width, height });
      this.stage.style.setProperty('--shape', String(width / height));
    }
    this.draw(this.under, painting.image);
    if (this.last !== frame) this.last?.close();
    this.last = frame;
    if (this.cut > 0) this.draw(this.over, frame);
  }

  clear(): void {
    this.last?.close();
    this.last = undefined;
  }

  setCut(percent: number): void {
    const cut = Math.min(100, Math.max(0, percent));
    if (this.cut === 0 && cut > 0 && this.last) this.draw(this.over, this.last);
    this.cut = cut;
    this.stage.style.setProperty('--cut', `${cut}%`);
    this.divider.setAttribute('aria-valuenow', String(Math.round(cut)));
    this.divider.setAttribute('aria-valuetext', `${Math.round(100 - cut)} % of the width is painted`);
  }

  private draw(context: CanvasRenderingContext2D, image: CanvasImageSource): void {
    const { width, height } = context.canvas;
    if (this.mirror) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(image, 0, 0, width, height);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  private listen(): void {
    const { divider } = this;
    const follow = (event: PointerEvent) => {
      const box = this.painted.getBoundingClientRect();
      this.setCut(((event.clientX - box.left) / box.width) * 100);
    };
    divider.addEventListener('pointerdown', (event) => {
      divider.setPointerCapture(event.pointerId);
      divider.addEventListener('pointermove', follow);
    });
    for (const end of ['pointerup', 'pointercancel'] as const) {
      divider.addEventListener(end, () => divider.removeEventListener('pointermove', follow));
    }
    divider.addEventListener('keydown', (event) => {
      const moved = moves[event.key];
      if (moved === undefined) return;
      event.preventDefault();
      this.setCut(Number.isFinite(moved) ? this.cut + moved : moved > 0 ? 100 : 0);
    });
  }
}

// A third shows at a glance what is done to the picture.
const cutAtFirst = 33;

const moves: Record<string, number> = {
  ArrowLeft: -2,
  ArrowDown: -2,
  ArrowRight: 2,
  ArrowUp: 2,
  PageDown: -10,
  PageUp: 10,
  Home: -Infinity,
  End: Infinity,
};
