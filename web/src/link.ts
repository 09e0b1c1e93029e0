// One painting worker, seen from the page: questions with answers, its death, its end.
import { TemperaError, sentenceOf, type TemperaErrorCode } from './errors.js';
import type {
  FailedMessage, FailureCode, FromPainter, Lack, ModelMessage, PaintedMessage, ReadyMessage, StartMessage, ToPainter,
} from './protocol.js';

export interface LinkEvents {
  progress(stage: string, done: number): void;
  finding(key: string, bytes: Uint8Array): void;
  log(level: number, line: string): void;
  need(lack: Lack): void;
  /** Once, unless end() was called before. */
  died(why: string): void;
}

/** A start that failed, for the host to act upon. */
export class StartFailure extends Error {
  constructor(readonly reason: FailureCode, text: string) {
    super(text);
  }
}

export const codeOf: Record<FailureCode, TemperaErrorCode> = {
  memory: 'memory', allocate: 'memory', trap: 'model', source: 'source', model: 'model', crash: 'crash', network: 'network',
  browser: 'browser', helpers: 'crash', unsupported: 'model', parameter: 'parameter',
};

type Reply = PaintedMessage | FailedMessage | { type: 'prepared'; id: number };
interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
  /** So many looks ago. */
  age: number;
}

const lookMs = 5000;
// A worker that says nothing for so long while it owes an answer has stopped: ten times what calibration took on the
// slowest machine tried. By the clock and by looks, because a machine that slept looks once when it wakes.
const silenceMs = 60000;
const silentLooks = 6;
// One that starts is given less, once it has its files: Firefox 153 now and then (3 of 250 starts) makes a worker that
// starts another one wait for ever, when others have just ended.
const silentStartLooks = 3;
// One that reports progress for ten minutes on the same question comes to no end.
const longestLooks = 120;
let links = 0;

export class PainterLink {
  private readonly worker: Worker;
  /** null where there is none: then a helper's death is noticed by silence. */
  private readonly channel: BroadcastChannel | null;
  private readonly waiting = new Map<number, Waiting>();
  private starting: { resolve(ready: ReadyMessage): void; reject(error: Error): void } | null = null;
  private ids = 0;
  private over = false;
  private heard = 0;
  private silence = 0;
  /** Then what is left of a start does not wait for a network. */
  private hasModule = false;
  private hasModel = false;
  private readonly watch: ReturnType<typeof setInterval>;

  constructor(worker: Worker, private readonly events: LinkEvents) {
    this.worker = worker;
    const name = `tempera-${Date.now()}-${Math.random()}-${++links}`;
    this.channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel(name) : null;
    if (this.channel) {
      this.channel.onmessage = (event: MessageEvent) => this.helperDied(String(event.data));
    }
    worker.onmessage = (event: MessageEvent) => this.hear(event.data as FromPainter);
    worker.onmessageerror = () => this.die('it said something that could not be read');
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.die(event.message || 'its file could not be loaded');
    };
    this.watch = setInterval(() => this.look(), lookMs);
  }

  /** The worker starts meanwhile. */
  start(
    message: Omit<StartMessage, 'channel' | 'type'>, model: Promise<Omit<ModelMessage, 'type'>>,
  ): Promise<ReadyMessage> {
    return new Promise((resolve, reject) => {
      this.tell({ ...message, type: 'start', channel: this.channel?.name ?? '' });
      this.starting = { resolve, reject };
      model.then((message) => {
        this.hasModel = true;
        this.tell({ ...message, type: 'model' });
      }, reject);
    });
  }

  tell(message: ToPainter, transfer: Transferable[] = []): void {
    if (!this.over) this.worker.postMessage(message, transfer);
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Sends a message that is answered by its id. Rejects when the worker dies. */
  ask(make: (id: number) => ToPainter, transfer: Transferable[] = []): Promise<Reply> {
    const id = ++this.ids;
    if (this.waiting.size === 0) this.notSilent();
    return new Promise((resolve, reject) => {
      if (this.over) return reject(crashed('it is gone'));
      this.waiting.set(id, { resolve, reject, age: 0 });
      try {
        this.worker.postMessage(make(id), transfer);
      } catch (thrown) {
        this.waiting.delete(id);
        reject(new TemperaError('source', `This picture cannot be handed to a worker (${sentenceOf(thrown)}).`));
      }
    });
  }

  /** Resolves once nothing is owed any more, and no later than in so many milliseconds. */
  async idle(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.waiting.size > 0 && !this.over && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends it; what it owes is rejected with this. */
  end(error: Error): void {
    if (this.over) return;
    this.over = true;
    clearInterval(this.watch);
    this.channel?.close();
    this.worker.onmessage = this.worker.onerror = this.worker.onmessageerror = null;
    this.worker.terminate();
    this.starting?.reject(error);
    this.starting = null;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** As if it had crashed. */
  die(why: string): void {
    if (this.over) return;
    this.end(crashed(why));
    this.events.died(why);
  }

  private helperDied(why: string): void {
    if (!this.starting) return this.die(`a helping worker stopped: ${why}`);
    this.starting.reject(new StartFailure('helpers', `the other threads did not start (${why})`));
    this.starting = null;
  }

  private notSilent(): void {
    this.heard = performance.now();
    this.silence = 0;
  }

  private look(): void {
    if (this.starting) return this.lookAtStart();
    if (this.waiting.size === 0) return;
    if (++this.silence >= silentLooks && performance.now() - this.heard > silenceMs) {
      return this.die('it did not answer for a minute');
    }
    for (const waiting of this.waiting.values()) {
      if (++waiting.age > longestLooks) return this.die('it came to no end in ten minutes');
    }
  }

  private lookAtStart(): void {
    // A slow network is no silence of the worker's, and the page can abort that.
    if (!this.hasModule || !this.hasModel) return this.notSilent();
    if (++this.silence >= silentStartLooks) this.helperDied('the painting worker fell silent while it started');
  }

  private hear(message: FromPainter): void {
    this.notSilent();
    switch (message.type) {
      case 'ready':
        this.starting?.resolve(message);
        this.starting = null;
        return;
      case 'compiled':
        this.hasModule = true;
        return;
      case 'progress':
        return this.events.progress(message.stage, message.done);
      case 'finding':
        return this.events.finding(message.key, message.bytes);
      case 'log':
        return this.events.log(message.level, message.line);
      case 'need':
        return this.events.need(message);
      default:
        break;
    }
    if (message.type === 'failed' && message.id < 0) {
      this.starting?.reject(new StartFailure(message.code, message.text));
      this.starting = null;
      return;
    }
    this.waiting.get(message.id)?.resolve(message);
    this.waiting.delete(message.id);
  }
}

function crashed(why: string): TemperaError {
  return new TemperaError('crash', `The painting worker stopped (${why}); the next frame starts a new one.`);
}
