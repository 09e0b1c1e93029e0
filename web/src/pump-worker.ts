// Carries frames from a track to the painter and the paintings to another track, off the page's thread: a page that
// is busy or hidden does not stop it. Also a clock for hidden tabs, where the page's own timers hardly run.
import { sentenceOf } from './errors.js';
import {
  badFramesAllowed, release, type FailedMessage, type FromPump, type PaintedMessage, type PumpCount, type PumpStart, type ToPump,
} from './protocol.js';
import { streams, type WorkerScope } from './streams.js';

const scope = globalThis as unknown as WorkerScope;
const tell = (message: FromPump, transfer?: Transferable[]) => scope.postMessage(message, transfer);

const lastFrameMs = 300; // a camera's slowest pace, nearly
const queuedPaintings = 2; // that the track has not taken: more are dropped

class Pump {
  private readonly reader: ReadableStreamDefaultReader<VideoFrame>;
  private readonly writer: WritableStreamDefaultWriter<VideoFrame>;
  private readonly count: PumpCount = { painted: 0, dropped: 0, opened: 0, closed: 0 };
  private port: MessagePort | null = null;
  /** Owes us an answer since before another took its place. */
  private oldPort: MessagePort | null = null;
  private owed = 0;
  private moves = 0;
  private ids = 0;
  private latest: VideoFrame | null = null;
  private bad = 0;
  private refusal = { pixels: Infinity, text: '' };
  private over = false;
  private error = '';
  private isRead = false;
  private finished = false;

  constructor(readable: ReadableStream<VideoFrame>, writable: WritableStream<VideoFrame>) {
    this.reader = readable.getReader();
    this.writer = writable.getWriter();
    // Rejects or resolves when whoever has the painted track stops it.
    this.writer.closed.then(() => this.end(''), () => this.end(''));
    void this.read();
  }

  private async read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.reader.read();
        if (done) break;
        ++this.count.opened;
        if (this.over) {
          this.close(value);
          break;
        }
        if (this.latest) {
          this.close(this.latest);
          ++this.count.dropped;
        }
        this.latest = value;
        this.next();
      }
      this.isRead = true;
      this.end('');
      this.finish();
    } catch (thrown) {
      this.isRead = true;
      this.end(`The track could not be read (${sentenceOf(thrown)}).`);
    }
  }

  private close(frame: VideoFrame): void {
    this.count.closed += release(frame);
  }

  private next(): void {
    if (this.owed !== 0 || !this.port || !this.latest || this.over) return;
    const source = this.latest;
    this.latest = null;
    this.owed = ++this.ids;
    const message = { type: 'frame', id: this.owed, source, want: 'frame', live: true, timeUs: source.timestamp };
    this.port.postMessage(message, [source]);
  }

  /** From now on this one paints. */
  move(port: MessagePort, lost: boolean, move: number): void {
    if (lost && this.owed !== 0) {
      this.owed = 0;
      ++this.count.closed; // by the browser, with its worker
      ++this.count.dropped;
    }
    if (this.owed === 0) this.oldPort?.close();
    // The frame that is owed is owed by the first of those that were moved away from.
    if (this.owed !== 0) this.oldPort ??= this.port;
    else this.oldPort = null;
    if (this.port !== this.oldPort) this.port?.close();
    this.port = port;
    this.moves = move;
    port.onmessage = (event: MessageEvent) => this.hear(event.data as PaintedMessage | FailedMessage);
    if (this.owed === 0) tell({ type: 'moved', move });
    this.next();
  }

  private hear(reply: PaintedMessage | FailedMessage): void {
    if (reply.id !== this.owed) return;
    this.owed = 0;
    this.count.opened += reply.opened;
    this.count.closed += reply.closed;
    if (this.oldPort) {
      this.oldPort.close();
      this.oldPort = null;
      tell({ type: 'moved', move: this.moves });
    }
    if (reply.type === 'failed') return this.failed(reply);
    this.bad = 0;
    ++this.count.painted;
    const { result, ...last } = reply;
    tell({ type: 'count', last, ...this.count });
    this.write(result as VideoFrame);
    if (this.over) this.finish();
    else this.next();
  }

  private write(painting: VideoFrame): void {
    if (this.over || (this.writer.desiredSize ?? 0) < -queuedPaintings) {
      this.close(painting);
      return;
    }
    this.writer.write(painting).then(() => {}, () => {
      painting.close();
      this.end('');
    });
    ++this.count.closed; // the track closes what it is given
  }

  private failed(reply: FailedMessage): void {
    if (reply.source) this.count.closed += release(reply.source);
    ++this.count.dropped;
    if (this.over) return this.finish();
    if (reply.code === 'memory' || reply.code === 'unsupported') {
      if (reply.width * reply.height >= this.refusal.pixels) return this.end(this.refusal.text);
    } else if (reply.code === 'model' || ++this.bad > badFramesAllowed) {
      return this.end(reply.text);
    }
    this.next();
  }

  refuse(pixels: number, text: string): void {
    this.refusal = { pixels, text };
  }

  end(error: string): void {
    if (this.over) return;
    this.over = true;
    this.error = error;
    if (this.latest) this.close(this.latest);
    this.latest = null;
    // A frame that is on its way would be left open by cancel(): so it is waited for, if it comes at all.
    setTimeout(() => {
      this.isRead = true;
      this.finish();
    }, lastFrameMs);
    this.finish();
  }

  /** Once nothing is on its way, neither from the track nor from the painter. */
  private finish(): void {
    if (!this.over || this.finished || !this.isRead || this.owed !== 0) return;
    this.finished = true;
    this.reader.cancel().catch(() => {});
    this.port?.close();
    // The page stops the track at once when it hears of the end: the last painting has to be there before that.
    const late = new Promise((resolve) => setTimeout(resolve, lastFrameMs));
    const done = () => tell({ type: 'ended', error: this.error, ...this.count });
    void Promise.race([this.writer.close(), late]).then(done, done);
  }
}

let pump: Pump | null = null;
// Messages that come before the pump has its streams.
let early: Extract<ToPump, { type: 'painter' }> | null = null;

function start(message: PumpStart): void {
  let { readable, writable } = message;
  if (message.track) {
    const { MediaStreamTrackProcessor: Processor, VideoTrackGenerator: Generator } = streams;
    if (!Processor || !Generator) throw new Error('this browser gives workers no tracks');
    readable = new Processor({ track: message.track }).readable;
    const generator = new Generator();
    writable = generator.writable;
    tell({ type: 'track', track: generator.track }, [generator.track as unknown as Transferable]);
  }
  if (!readable || !writable) throw new Error('there is nothing to carry');
  pump = new Pump(readable, writable);
  if (early) pump.move(early.port, early.lost, early.move);
}

function receive(message: ToPump): void {
  switch (message.type) {
    case 'probe': {
      const safari = typeof streams.MediaStreamTrackProcessor === 'function' &&
        typeof streams.VideoTrackGenerator === 'function';
      return tell({ type: 'probed', safari });
    }
    case 'pump':
      return start(message);
    case 'painter':
      if (pump) pump.move(message.port, message.lost, message.move);
      else early = message;
      return;
    case 'refused':
      return pump?.refuse(message.pixels, message.text);
    case 'stop':
      return pump?.end('');
    case 'tick':
      setTimeout(() => tell({ type: 'tick' }), message.everyMs);
      return;
  }
}

scope.onmessage = (event) => {
  try {
    receive(event.data as ToPump);
  } catch (thrown) {
    tell({ type: 'ended', error: `The track cannot be carried (${sentenceOf(thrown)}).`, painted: 0, dropped: 0,
      opened: 0, closed: 0 });
  }
};
