// Pictures at the size in which they are painted, drawn by a worker; and that worker's clock.
import type { Size } from './sizes.js';

export type Frame = VideoFrame | ImageBitmap;
export type ToScaler =
  | { type: 'scale'; id: number; frame: Frame; width: number; height: number }
  | { type: 'tick'; afterMs: number };
export type FromScaler =
  | { type: 'scaled'; id: number; picture: ImageBitmap }
  | { type: 'failed'; id: number; text: string }
  | { type: 'tick' };

interface Owed {
  resolve(picture: ImageBitmap): void;
  reject(error: Error): void;
}

export class Scaler {
  private worker: Worker | undefined;
  private ids = 0;
  private readonly owed = new Map<number, Owed>();
  private ticks: (() => void)[] = [];

  // Takes the frame over and closes it.
  scale(frame: Frame, { width, height }: Size): Promise<ImageBitmap> {
    return new Promise((resolve, reject) => {
      const id = (this.ids += 1);
      try {
        this.tell({ type: 'scale', id, frame, width, height }, [frame]);
        this.owed.set(id, { resolve, reject });
      } catch (error) {
        frame.close();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  // Goes on in a hidden tab.
  tick(afterMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.ticks.push(resolve);
      this.tell({ type: 'tick', afterMs });
    });
  }

  private tell(message: ToScaler, transfer: Transferable[] = []): void {
    this.worker ??= this.start();
    this.worker.postMessage(message, transfer);
  }

  private start(): Worker {
    const worker = new Worker('scaler-worker.js', { name: 'tempera-scaler' });
    worker.onmessage = ({ data }: MessageEvent<FromScaler>) => this.hear(data);
    worker.onerror = (event) => this.died(event.message || 'scaler-worker.js did not start');
    return worker;
  }

  private hear(message: FromScaler): void {
    if (message.type === 'tick') return this.ticks.shift()?.();
    const owed = this.owed.get(message.id);
    this.owed.delete(message.id);
    if (message.type === 'scaled') owed?.resolve(message.picture);
    else owed?.reject(new Error(message.text));
  }

  // The next picture starts another one.
  private died(text: string): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { reject } of this.owed.values()) reject(new Error(text));
    this.owed.clear();
    for (const tick of this.ticks) setTimeout(tick, 1000);
    this.ticks = [];
  }
}

export const scaler = new Scaler();
