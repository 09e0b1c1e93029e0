// One engine with one model in one memory: takes pictures, paints them one after the other, answers. Runs in the
// painting worker. It never asks for a larger memory itself: it says that it needs one, and goes on with the size
// that it knows until the page has started another worker.
import { EngineModule, OutOfMemory, Status, pageBytes, pagesOf } from './engine_module.js';
import { sentenceOf } from './errors.js';
import * as pixels from './pixels.js';
import {
  isFrame, release, transferOf, type FailedMessage, type FrameMessage, type FromPainter, type HelpMessage,
  type PrepareMessage, type ReadyMessage, type Result, type Source, type StartMessage,
} from './protocol.js';

export type Answer = (message: FromPainter, transfer?: Transferable[]) => void;

const helperStackBytes = 262144; // as the linker gives the first thread
const pictureBytes = 64; // 13 int32, and a little
const startMs = 20000; // for helpers to come up on a busy machine
const styleKeys = ['style', 'title', 'artist', 'year', 'license', 'source', 'author'];
const precisions = { auto: 0, fp32: 1, int8: 3 };

class Refusal extends Error {
  constructor(readonly code: FailedMessage['code'], text: string) {
    super(text);
  }
}

async function compile(url: string): Promise<WebAssembly.Module> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin' });
  } catch (thrown) {
    throw new Refusal('network', `${url} could not be fetched (${sentenceOf(thrown)}).`);
  }
  if (!response.ok) throw new Refusal('network', `${url} could not be fetched: the server says ${response.status}.`);
  try {
    // Servers that do not know application/wasm: compileStreaming would refuse.
    const typed = response.headers.get('Content-Type')?.startsWith('application/wasm') === true;
    if (typed && typeof WebAssembly.compileStreaming === 'function') return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (thrown) {
    throw new Refusal('browser', `${url} does not run in this browser (${sentenceOf(thrown)}).`);
  }
}

function makeMemory(megabytes: number): WebAssembly.Memory {
  const pages = pagesOf(megabytes);
  try {
    // Initial = maximum: reserving more is what kills tabs on phones.
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (thrown) {
    throw new Refusal('allocate', `the browser gives no ${megabytes} MB of shared memory (${sentenceOf(thrown)})`);
  }
}

export class Painter {
  private stylizer = 0;
  /** A trap leaves the memory in an unknown state: nothing is called any more. */
  private dead = '';
  private tail: Promise<unknown> = Promise.resolve();
  private planned = { width: 0, height: 0, formats: new Set<number>() };
  private good: { width: number; height: number } | null = null;
  /** Pixels of the smallest picture that did not fit. */
  private tooMany = Infinity;
  private asked = '';
  private from = 0;
  private to = 0;
  private pixelsAt = 0;
  private pixelsBytes = 0;
  /** What the last preparation took: told apart from painting. */
  private preparedMs = 0;
  /** Whether the frame that is painted is closed already. */
  private closedEarly = 0;

  private constructor(
    private readonly engine: EngineModule,
    private readonly startedWith: StartMessage,
    private readonly tell: Answer,
  ) {}

  /** Answers ready, or failed with id -1. */
  static async start(
    message: StartMessage, model: Promise<Uint8Array>, helperUrl: string, tell: Answer,
  ): Promise<Painter | null> {
    try {
      const module = message.module ?? (await compile(message.wasmUrl));
      const shared = WebAssembly.Module.imports(module).some((i) => i.kind === 'memory');
      const memory = shared ? makeMemory(message.memoryMB) : null;
      const engine = await EngineModule.instantiate(module, memory, {
        log: (level, line) => tell({ type: 'log', level, line }),
        progress: (stage, done) => tell({ type: 'progress', stage, done }),
        found: (key, bytes) => tell({ type: 'finding', key, bytes }),
      });
      engine.exports._initialize?.();
      const painter = new Painter(engine, message, tell);
      if (memory) await painter.startHelpers(module, memory, helperUrl);
      painter.open(await model);
      if (message.size) painter.prepare(message.size.width, message.size.height, [pixels.Format.rgba]);
      tell(painter.ready(module));
      return painter;
    } catch (thrown) {
      const trapped = thrown instanceof WebAssembly.RuntimeError;
      const code = trapped ? 'trap' : thrown instanceof Refusal ? thrown.code : isMemory(thrown) ? 'memory' : 'crash';
      tell({ type: 'failed', id: -1, code, text: sentenceOf(thrown), source: null, width: 0, height: 0, ...none });
      return null;
    }
  }

  private async startHelpers(module: WebAssembly.Module, memory: WebAssembly.Memory, url: string): Promise<void> {
    const { exports } = this.engine;
    let failed = '';
    for (let thread = 1; thread < this.startedWith.threads; ++thread) {
      const stack = (this.engine.allocate(helperStackBytes) + helperStackBytes) & ~15;
      const tls = this.engine.allocate(Math.max(64, Number(exports.__tls_size?.value ?? 0)));
      const helper = new Worker(url, { type: 'module', name: `tempera-helper-${thread}` });
      helper.onerror = (event) => (failed = event.message || 'a helper did not start');
      const channel = this.startedWith.channel;
      helper.postMessage({ type: 'help', module, memory, stack, tls, thread, channel } satisfies HelpMessage);
    }
    const until = performance.now() + startMs;
    while (exports.tempera_web_workers() < this.startedWith.threads - 1) {
      if (failed || performance.now() > until) {
        throw new Refusal('crash', `The helping workers did not start${failed ? ` (${failed})` : ''}.`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private open(model: Uint8Array): void {
    const { engine, startedWith: m } = this;
    for (const [key, bytes] of m.findings) {
      engine.withText(key, (k) => engine.with(bytes, (at) => engine.exports.tempera_web_give(k, at, bytes.length)));
    }
    this.stylizer = engine.with(model, (at) =>
      engine.exports.tempera_web_open(at, model.length, precisions[m.precision], m.statistics, 0, 0));
    if (this.stylizer === 0) {
      const text = engine.error();
      // The door tells no status here, only words; these are src/onnx's and src/engine's.
      throw new Refusal(/not fit into memory|too much memory/.test(text) ? 'memory' : 'model', text);
    }
    this.from = engine.allocate(pictureBytes);
    this.to = engine.allocate(pictureBytes);
  }

  private ready(module: WebAssembly.Module): ReadyMessage {
    const { engine, startedWith: m } = this;
    const style: Record<string, string> = {};
    for (const key of styleKeys) {
      const at = engine.withText(`tempera.${key}`, (k) => engine.exports.tempera_web_metadata(this.stylizer, k));
      if (at !== 0) style[key] = engine.text(at);
    }
    const notices: string[] = [];
    for (let i = 0, at = 0; (at = engine.exports.tempera_web_notice(this.stylizer, i)) !== 0; ++i) {
      notices.push(engine.text(at));
    }
    return {
      type: 'ready',
      build: m.build,
      kernel: engine.text(engine.exports.tempera_web_kernel()),
      version: engine.text(engine.exports.tempera_web_version()),
      threads: engine.exports.tempera_web_workers() + 1,
      memoryMB: engine.memory.buffer.byteLength / 1048576,
      reason: '',
      parameters: engine.parameters(this.stylizer),
      style,
      notices,
      module,
    };
  }

  /** One after the other: reading a picture waits, and the memory it goes to is everybody's. */
  frame(message: FrameMessage, answer: Answer): void {
    this.tail = this.tail.then(() => this.frameNow(message, answer));
  }

  private async frameNow(message: FrameMessage, answer: Answer): Promise<void> {
    const start = performance.now();
    const { source, want, id } = message;
    const size = pixels.sizeOf(source);
    let opened = 0;
    this.preparedMs = 0;
    this.closedEarly = 0;
    try {
      const scaled = !this.fits(size);
      if (scaled && !this.canShrink(message)) return this.sendBack(message, size, answer);
      let result: Result;
      if (scaled) result = await this.paintSmall(message, size);
      else result = await this.paint(source, want, message.timeUs, want === 'frame');
      opened = isFrame(result) ? 1 : 0;
      const closed = this.closedEarly || release(source);
      const { planBytes, ms } = { planBytes: this.planBytes(), ms: performance.now() - start - this.preparedMs };
      answer({ type: 'painted', id, result, ...size, ms, scaled, planBytes, opened, closed }, transferOf(result));
    } catch (thrown) {
      if (isMemory(thrown) && this.closedEarly === 0) {
        this.tooLarge(size, thrown);
        if (this.canShrink(message)) return this.frameNow(message, answer);
        return this.sendBack(message, size, answer);
      }
      if (isMemory(thrown)) this.tooLarge(size, thrown);
      const closed = this.closedEarly || release(source);
      const code = thrown instanceof Refusal ? thrown.code : 'source';
      answer({ type: 'failed', id, code, text: sentenceOf(thrown), source: null, ...size, opened, closed });
    }
  }

  private fits(size: { width: number; height: number }): boolean {
    return !this.dead && size.width * size.height < this.tooMany;
  }

  private canShrink(message: FrameMessage): boolean {
    return message.live && !this.dead && this.good !== null;
  }

  private tooLarge(size: { width: number; height: number }, thrown: unknown): void {
    if (!(thrown instanceof OutOfMemory)) this.dead = sentenceOf(thrown);
    this.tooMany = Math.min(this.tooMany, size.width * size.height);
    if (this.good && this.good.width * this.good.height >= this.tooMany) this.good = null;
    this.planned.formats.clear();
    this.planned.width = 0;
  }

  private sendBack(message: FrameMessage, size: { width: number; height: number }, answer: Answer): void {
    this.ask(size);
    const text = this.dead || `${size.width}x${size.height} pixels do not fit into the memory`;
    const { source, id } = message;
    answer({ type: 'failed', id, code: 'memory', text, source, ...size, ...none }, transferOf(source));
  }

  private ask(size: { width: number; height: number }): void {
    const asked = `${size.width}x${size.height}`;
    if (asked === this.asked) return;
    this.asked = asked;
    this.tell({ type: 'need', ...size });
  }

  private async paintSmall(message: FrameMessage, size: { width: number; height: number }): Promise<Result> {
    this.ask(size);
    const { width, height } = this.good!;
    const small = pixels.shrunk(message.source, width, height);
    const painting = await this.paint(small, 'data', message.timeUs, false);
    if (!('rgba' in painting)) throw new Error('paintings of pixels are pixels');
    return pixels.enlargedResult(painting, pixels.originOf(message.source), message.want, size);
  }

  /**
   * early: the source is closed as soon as it is read. Cameras lend few frames: Chromium's sends no other while two are
   * open, and the one that waits would be old when its turn comes.
   */
  private async paint(source: Source, want: FrameMessage['want'], timeUs: number, early: boolean): Promise<Result> {
    const origin = pixels.originOf(source);
    const input = pixels.layoutOf(source);
    const output = pixels.resultLayout(input, want);
    if (input.width < 1 || input.height < 1) throw new Refusal('source', 'This picture has no pixels.');
    this.prepare(input.width, input.height, [input.format, output.format]);
    // The same format in and out shares its pixels: what the engine allows, and half of the memory.
    const inPlace = input.format === output.format;
    const inputBytes = (input.bytes + 63) & ~63;
    this.reserve(inPlace ? inputBytes : inputBytes + output.bytes);
    const outputAt = inPlace ? this.pixelsAt : this.pixelsAt + inputBytes;
    await pixels.read(source, input, this.engine.bytes(this.pixelsAt, input.bytes));
    if (early) this.closedEarly = release(source);
    this.describe(this.from, input, this.pixelsAt);
    this.describe(this.to, output, outputAt);
    this.check(this.engine.exports.tempera_web_paint(this.stylizer, this.from, this.to, timeUs, 0));
    this.good = { width: input.width, height: input.height };
    return pixels.write(this.engine.bytes(outputAt, output.bytes), output, origin, want);
  }

  private reserve(bytes: number): void {
    if (bytes <= this.pixelsBytes) return;
    this.engine.free(this.pixelsAt);
    this.pixelsAt = this.pixelsBytes = 0;
    this.pixelsAt = this.engine.allocate(bytes);
    this.pixelsBytes = bytes;
  }

  /** struct Picture of src/wasm/module.cc. */
  private describe(at: number, l: pixels.Layout, pixelsAt: number): void {
    const numbers = new Int32Array(this.engine.memory.buffer, at, 13);
    numbers.set([l.format, l.width, l.height, l.matrix, l.range, l.transfer, l.primaries, 0, 0, 0, 0, 0, 0]);
    l.planes.forEach(({ offset, stride }, i) => {
      numbers[7 + i] = pixelsAt + offset;
      numbers[10 + i] = stride;
    });
  }

  private prepare(width: number, height: number, formats: number[]): void {
    const planned = this.planned;
    if (planned.width !== width || planned.height !== height) planned.formats.clear();
    for (const format of formats) {
      if (planned.formats.has(format)) continue;
      const start = performance.now();
      planned.width = width;
      planned.height = height;
      this.check(this.engine.exports.tempera_web_prepare(this.stylizer, width, height, format));
      planned.formats.add(format);
      this.preparedMs += performance.now() - start;
    }
    // The build of one thread takes more memory by itself.
    const limit = pagesOf(this.startedWith.maxMemoryMB) * pageBytes;
    if (this.engine.memory.buffer.byteLength > limit) throw new OutOfMemory('it grew beyond what the page allows');
  }

  private check(status: number): void {
    if (status === Status.ok) return;
    const text = this.engine.error();
    if (status === Status.outOfMemory) throw new OutOfMemory(text);
    const isModel = status === Status.corruptModel || status === Status.unsupported;
    throw new Refusal(isModel ? 'model' : 'source', text);
  }

  prepareNow(message: PrepareMessage, answer: Answer): void {
    const { id, width, height } = message;
    this.tail = this.tail.then(() => {
      try {
        if (!this.fits(message)) throw new OutOfMemory('as before');
        this.prepare(width, height, [pixels.Format.rgba]);
        answer({ type: 'prepared', id });
      } catch (thrown) {
        if (isMemory(thrown)) this.tooLarge(message, thrown);
        const code = isMemory(thrown) ? 'memory' : thrown instanceof Refusal ? thrown.code : 'crash';
        answer({ type: 'failed', id, code, text: sentenceOf(thrown), source: null, width, height, ...none });
      }
    });
  }

  set(index: number, values: number[]): void {
    if (this.dead) return;
    const floats = new Uint8Array(new Float32Array(values).buffer);
    this.engine.with(floats, (at) => this.engine.exports.tempera_web_set(this.stylizer, index, at, values.length));
  }

  reset(): void {
    if (!this.dead) this.engine.exports.tempera_web_reset(this.stylizer);
  }

  private planBytes(): number {
    return this.dead ? 0 : this.engine.exports.tempera_web_memory(this.stylizer);
  }
}

const none = { opened: 0, closed: 0 };

/** Refused for lack of memory, or trapped: what a lack of memory looks like where nobody looked for it. */
function isMemory(thrown: unknown): boolean {
  return thrown instanceof OutOfMemory || thrown instanceof WebAssembly.RuntimeError;
}
