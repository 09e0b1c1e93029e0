// The pump worker, seen from the page.
import { TemperaError, sentenceOf } from './errors.js';
import { pumpWorker } from './files.js';
import type { FromPump, ToPump } from './protocol.js';

export class PumpWorker {
  private readonly worker: Worker;
  hear: (message: FromPump) => void = () => {};

  constructor(baseUrl: string | URL | undefined) {
    this.worker = pumpWorker(baseUrl);
    this.worker.onmessage = (event: MessageEvent) => this.hear(event.data as FromPump);
    this.worker.onerror = (event) => {
      event.preventDefault?.();
      const error = `The pump worker stopped (${event.message || 'its file could not be loaded'}).`;
      this.hear({ type: 'ended', error, painted: 0, dropped: 0, opened: 0, closed: 0 });
    };
  }

  tell(message: ToPump, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  /** Whether tracks can be taken apart and made in workers here. */
  probe(): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.hear = (message) => {
        if (message.type === 'probed') resolve(message.safari);
        if (message.type === 'ended') reject(new TemperaError('browser', message.error));
      };
      this.tell({ type: 'probe' });
    });
  }

  end(): void {
    this.worker.terminate();
  }
}

/** The clone that a worker can be given; null when this browser does not transfer tracks. */
export function handOver(pump: PumpWorker, track: MediaStreamTrack): MediaStreamTrack | null {
  const clone = track.clone();
  try {
    pump.tell({ type: 'pump', track: clone }, [clone as unknown as Transferable]);
    return clone;
  } catch (thrown) {
    clone.stop();
    if (thrown instanceof DOMException || thrown instanceof TypeError) return null;
    throw new TemperaError('source', `The track cannot be handed to a worker (${sentenceOf(thrown)}).`);
  }
}
