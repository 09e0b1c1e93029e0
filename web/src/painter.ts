// One engine with one model in one memory: takes pictures, paints them one after the other, answers. Runs in the
// painting worker. It never asks for a larger memory itself: it says that it needs one, and goes on with the size
// that it knows until the page has started another worker.
import { EngineModule, OutOfMemory, Status, Trap, pageBytes, pagesOf, type Callbacks } from './engine_module.js';
import { sentenceOf } from './errors.js';
import { PaintedScene } from './painted_scene.js';
import * as pixels from './pixels.js';
import {
  isFrame, release, transferOf, type FailedMessage, type FailureCode, type FrameMessage, type FromPainter,
  type HelpMessage, type Lack, type ModelMessage, type PrepareMessage, type ReadyMessage, type Result, type Source, type StartMessage,
} from './protocol.js';

export type Answer = (message: FromPainter, transfer?: Transferable[]) => void;

const helperStackBytes = 262144; // the corpus uses a few KiB of it (tests/wasm/replay.mjs)
const pictureBytes = 64; // 13 int32, and a little
const startMs = 10000; // for helpers to come up on a busy machine
const styleKeys = ['style', 'title', 'artist', 'year', 'license', 'source', 'author'];
const precisions = { auto: 0, fp32: 1, int8: 3 };

class Refusal extends Error {
  constructor(readonly code: FailureCode, text: string) {
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

/** A memory that has no room for the module itself is too small, like any other. */
async function instantiated(
  module: WebAssembly.Module, memory: WebAssembly.Memory | null, callbacks: Callbacks,
): Promise<EngineModule> {
  try {
    return await EngineModule.instantiate(module, memory, callbacks);
  } catch (thrown) {
    const isMemory = thrown instanceof WebAssembly.LinkError && /memory/i.test(thrown.message);
    throw isMemory ? new OutOfMemory(thrown.message) : thrown;
  }
}

interface Size {
  width: number;
  height: number;
}
const pixelsIn = (size: Size): number => size.width * size.height;

export class Painter {
  private stylizer = 0;
  /** null: the stylizer paints everything. */
  private scene: PaintedScene | null = null;
  private tail: Promise<unknown> = Promise.resolve();
  /** any: of every format. */
  private planned = { width: 0, height: 0, any: false };
  /** Painted last, as it was. */
  private good: Size | null = null;
  /** Pixels of the largest picture that was painted or prepared, and of the smallest that did not fit. */
  private most = 0;
  private tooMany: number;
  /** Its memory is in pieces, or larger than allowed: what was painted before does not fit any more. */
  private isWorn = false;
  private asked = '';
  private from = 0;
  private to = 0;
  private values = 0;
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
  ) {
    this.tooMany = startedWith.refusedPixels;
  }

  /** Answers ready, or failed with id -1. */
  static async start(
    message: StartMessage, model: Promise<ModelMessage>, helperUrl: string, tell: Answer,
  ): Promise<Painter | null> {
    try {
      const module = message.module ?? (await compile(message.wasmUrl));
      tell({ type: 'compiled' });
      const shared = WebAssembly.Module.imports(module).some((i) => i.kind === 'memory');
      const memory = shared ? makeMemory(message.memoryMB) : null;
      const engine = await instantiated(module, memory, {
        log: (level, line) => tell({ type: 'log', level, line }),
        progress: (stage, done) => tell({ type: 'progress', stage, done }),
        found: (key, bytes) => tell({ type: 'finding', key, bytes }),
      });
      engine.exports._initialize?.();
      const painter = new Painter(engine, message, tell);
      if (memory) await painter.startHelpers(module, memory, helperUrl);
      painter.open(await model);
      if (message.size) painter.prepareAny(message.size);
      tell(painter.ready(module));
      return painter;
    } catch (thrown) {
      const lack = { width: 0, height: 0, state: 'well', tooMany: Infinity } as const;
      const code = thrown instanceof Trap && !thrown.isMemory ? 'trap' : codeOf(thrown, 'crash');
      tell({ type: 'failed', id: -1, code, text: sentenceOf(thrown), source: null, ...lack, ...none });
      return null;
    }
  }

  private async startHelpers(module: WebAssembly.Module, memory: WebAssembly.Memory, url: string): Promise<void> {
    const { exports } = this.engine;
    let failed = '';
    for (let thread = 1; thread < this.startedWith.threads; ++thread) {
      const stack = (this.engine.allocate(helperStackBytes) + helperStackBytes) & ~15;
      const tls = this.engine.allocate(Math.max(64, Number(exports.__tls_size?.value ?? 0)));
      const channel = this.startedWith.channel;
      try {
        const helper = new Worker(url, { type: 'module', name: `tempera-helper-${thread}` });
        helper.onerror = (event) => (failed = event.message || 'a helper did not start');
        helper.postMessage({ type: 'help', module, memory, stack, tls, thread, channel } satisfies HelpMessage);
      } catch (thrown) {
        failed = sentenceOf(thrown);
      }
    }
    const until = performance.now() + startMs;
    while (exports.tempera_web_workers() < this.startedWith.threads - 1) {
      if (failed || performance.now() > until) {
        throw new Refusal('helpers', `the other threads did not start${failed ? ` (${failed})` : ''}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private open({ bytes: model, findings, scene }: ModelMessage): void {
    const { engine, startedWith: m } = this;
    for (const [key, bytes] of findings) {
      engine.withText(key, (k) => engine.with(bytes, (at) => engine.exports.tempera_web_give(k, at, bytes.length)));
    }
    const precision = precisions[m.precision];
    const opened = (bytes: Uint8Array) =>
      engine.with(bytes, (at) => engine.exports.tempera_web_open(at, bytes.length, precision, m.statistics, 0, 0));
    this.stylizer = opened(model);
    if (this.stylizer === 0) this.check(engine.exports.tempera_web_status(), 'model');
    this.from = engine.allocate(pictureBytes);
    this.to = engine.allocate(pictureBytes);
    const elements = engine.parameters(this.stylizer).map((p) => p.default.length);
    this.values = engine.allocate(4 * Math.max(1, ...elements));
    if (!scene) return;
    const check = (status: number, whose: FailureCode, what?: string) => this.check(status, whose, what);
    this.scene = new PaintedScene(engine, scene, this.stylizer, precision, check, opened);
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
      engine: m.engine,
      kernel: engine.text(engine.exports.tempera_web_kernel()),
      version: engine.text(engine.exports.tempera_web_version()),
      threads: engine.exports.tempera_web_workers() + 1,
      memoryMB: engine.memory.buffer.byteLength / 1048576,
      reason: '',
      parameters: engine.parameters(this.stylizer),
      style,
      notices,
      classes: this.scene?.classes ?? [],
      module,
    };
  }

  /** One after the other: reading a picture waits, and the memory it goes to is everybody's. */
  frame(message: FrameMessage, answer: Answer): void {
    this.tail = this.tail.then(() => this.frameNow(message, answer)).catch((thrown) => this.tellLog(thrown));
  }

  private async frameNow(message: FrameMessage, answer: Answer): Promise<void> {
    const start = performance.now();
    const { source, want, id } = message;
    this.preparedMs = 0;
    this.closedEarly = 0;
    let size = { width: 0, height: 0 };
    let result: Result | null = null;
    try {
      size = pixels.sizeOf(source, want);
      const painted = await this.painted(message, size);
      result = painted.result;
      this.closedEarly ||= release(source);
      const { planBytes, ms } = { planBytes: this.planBytes(), ms: performance.now() - start - this.preparedMs };
      const counts = { opened: isFrame(result) ? 1 : 0, closed: this.closedEarly };
      answer({ type: 'painted', id, ...painted, ...size, ms, planBytes, ...counts }, transferOf(result));
    } catch (thrown) {
      release(result);
      this.giveBack(message, size, thrown, answer);
    }
  }

  /** As it is, where that fits; otherwise smaller, where that will do. Both once: a failure is the sender's to act upon. */
  private async painted(message: FrameMessage, size: Size): Promise<{ result: Result; scaled: boolean }> {
    const { source, want, timeUs } = message;
    const canShrink = () => message.live && !this.engine.trap && !this.isWorn && this.good !== null;
    if (!this.fits(size)) {
      if (!canShrink()) throw new OutOfMemory(`${size.width}x${size.height} pixels do not fit into the memory`);
    } else {
      try {
        return { result: await this.paint(source, want, timeUs, want === 'frame'), scaled: false };
      } catch (thrown) {
        if (!isLack(thrown)) throw thrown;
        this.tooLarge(size);
        if (this.closedEarly !== 0 || !canShrink()) throw thrown;
      }
    }
    this.ask(this.lack(size, 'memory', ''));
    try {
      return { result: await this.paintSmall(message, size), scaled: true };
    } catch (thrown) {
      this.good = null;
      if (isLack(thrown)) this.isWorn = true;
      throw thrown;
    }
  }

  private fits(size: Size): boolean {
    return !this.engine.trap && pixelsIn(size) < this.tooMany;
  }

  private tooLarge(size: Size): void {
    if (pixelsIn(size) <= this.most) this.isWorn = true;
    else if (!this.isWorn || this.tooMany === Infinity) this.tooMany = Math.min(this.tooMany, pixelsIn(size));
    if (this.good && pixelsIn(this.good) >= this.tooMany) this.good = null;
    this.planned.width = 0;
  }

  private lack(size: Size, code: FailureCode, text: string): Lack {
    const { width, height } = size;
    return { width, height, code, text, state: this.engine.trap ? 'dead' : this.isWorn ? 'worn' : 'well',
      tooMany: this.tooMany };
  }

  /** Nothing was painted: with the picture, when that can be painted elsewhere. */
  private giveBack(message: FrameMessage, size: Size, thrown: unknown, answer: Answer): void {
    const { id, source } = message;
    const lack = this.lack(size, codeOf(thrown, 'source'), sentenceOf(thrown));
    const isElsewhere = lack.code === 'memory' || lack.code === 'unsupported';
    let back: FailedMessage = { type: 'failed', id, ...lack, source, ...none };
    if (!isElsewhere || this.closedEarly !== 0) back = this.refused(back);
    try {
      answer(back, back.source ? transferOf(back.source) : []);
    } catch {
      answer(this.refused({ ...back, code: 'source' })); // it was closed, or taken away
    }
    // Behind the answer, for the page may end this worker when it hears of it.
    if (isElsewhere) this.ask(lack);
  }

  /** The same without the picture. */
  private refused(message: FailedMessage): FailedMessage {
    const closed = this.closedEarly || (message.source ? release(message.source) : 0);
    return { ...message, source: null, closed };
  }

  private ask(lack: Lack): void {
    const asked = `${lack.code} ${lack.width}x${lack.height} ${lack.state}`;
    if (asked === this.asked) return;
    this.asked = asked;
    this.tell({ type: 'need', ...lack });
  }

  private async paintSmall(message: FrameMessage, size: Size): Promise<Result> {
    const { width, height } = this.good!;
    const small = pixels.shrunk(message.source, width, height);
    const painting = await this.paint(small, 'data', message.timeUs, false);
    if (!('rgba' in painting)) throw new Error('paintings of pixels are pixels');
    const origin = pixels.originOf(message.source, pixels.layoutOf(message.source, message.want));
    return pixels.enlargedResult(painting, origin, message.want, size);
  }

  /**
   * early: the source is closed as soon as it is read. Cameras lend few frames: Chromium's sends no other while two are
   * open, and the one that waits would be old when its turn comes.
   */
  private async paint(source: Source, want: FrameMessage['want'], timeUs: number, early: boolean): Promise<Result> {
    const { input, output, outputAt } = await this.take(source, want);
    const origin = pixels.originOf(source, input);
    if (early) this.closedEarly = release(source);
    this.describe(this.from, input, this.pixelsAt);
    this.describe(this.to, output, outputAt);
    const { exports } = this.engine;
    this.check(this.scene ? this.scene.paint(this.from, this.to, timeUs, 0)
      : exports.tempera_web_paint(this.stylizer, this.from, this.to, timeUs, 0), 'source');
    this.good = { width: input.width, height: input.height };
    this.most = Math.max(this.most, pixelsIn(input));
    return pixels.write(this.engine.bytes(outputAt, output.bytes), output, origin, want);
  }

  /** The source's bytes, where the engine has room for their painting too. */
  private async take(source: Source, want: FrameMessage['want']) {
    const input = pixels.layoutOf(source, want);
    if (input.width < 1 || input.height < 1) throw new Refusal('source', 'This picture has no pixels.');
    try {
      return await this.takeAs(source, input, want);
    } catch (thrown) {
      if (!(thrown instanceof pixels.Uncopyable)) throw thrown;
      return this.takeAs(source, pixels.rgbaLayout(input.width, input.height), want);
    }
  }

  private async takeAs(source: Source, input: pixels.Layout, want: FrameMessage['want']) {
    const output = pixels.resultLayout(input, want);
    // The same format in and out shares its pixels: what the engine allows, and half of the memory.
    const inPlace = input.format === output.format;
    const inputBytes = aligned(input.bytes);
    const needsAny = pixels.isSubsampled(input.format) || pixels.isSubsampled(output.format);
    this.prepare(input, needsAny, inPlace ? inputBytes : inputBytes + output.bytes);
    const outputAt = inPlace ? this.pixelsAt : this.pixelsAt + inputBytes;
    await pixels.read(source, input, this.engine.bytes(this.pixelsAt, input.bytes));
    return { input, output, outputAt };
  }

  /** Pictures of this size find their plan and room for their pixels, whatever their format and what they become. */
  private prepareAny(size: Size): void {
    const { bytes } = pixels.rgbaLayout(size.width, size.height);
    this.prepare(size, true, aligned(bytes) + bytes); // BGRA in, RGBA out
    this.most = Math.max(this.most, pixelsIn(size));
  }

  /**
   * The plan of this size, for every format or for those without subsampling only, and room for pixels. The pixels of
   * the size before go first: plans are large, and memory in pieces has no room for them.
   */
  private prepare({ width, height }: Size, any: boolean, pixelBytes: number): void {
    const planned = this.planned;
    if (planned.width !== width || planned.height !== height || (any && !planned.any)) {
      const start = performance.now();
      this.reserve(0);
      planned.width = 0;
      const format = any ? pixels.Format.i420 : pixels.Format.rgba;
      this.check(this.scene ? this.scene.prepare(width, height, format)
        : this.engine.exports.tempera_web_prepare(this.stylizer, width, height, format), 'source');
      this.planned = { width, height, any };
      this.preparedMs += performance.now() - start;
    }
    this.reserve(pixelBytes);
    // The build of one thread takes more memory by itself, and gives nothing back.
    const limit = pagesOf(this.startedWith.maxMemoryMB) * pageBytes;
    if (this.engine.memory.buffer.byteLength > limit) {
      this.tooLarge({ width, height });
      this.isWorn = true;
      throw new OutOfMemory('it grew beyond what the page allows');
    }
  }

  /** 0: gives it back. */
  private reserve(bytes: number): void {
    if (bytes !== 0 && bytes <= this.pixelsBytes) return;
    this.engine.free(this.pixelsAt);
    this.pixelsAt = this.pixelsBytes = 0;
    if (bytes === 0) return;
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

  /** otherwise: whose fault the rest is. what: the thing at fault, where it is not the model or the picture. */
  private check(status: number, otherwise: FailureCode, what = ''): void {
    if (status === Status.ok) return;
    const text = what ? `${what} cannot be used: ${this.engine.error()}` : this.engine.error();
    if (status === Status.outOfMemory) throw new OutOfMemory(text);
    if (status === Status.unsupported) {
      throw new Refusal(this.startedWith.engine === 'styles' ? 'unsupported' : 'model', text);
    }
    if (status === Status.notFound) throw new Refusal('parameter', text);
    throw new Refusal(status === Status.corruptModel ? 'model' : otherwise, text);
  }

  prepareNow(message: PrepareMessage, answer: Answer): void {
    const { id } = message;
    this.tail = this.tail.then(() => {
      try {
        if (!this.fits(message)) throw this.engine.trap ?? new OutOfMemory('it did not fit before');
        this.prepareAny(message);
        answer({ type: 'prepared', id });
      } catch (thrown) {
        if (isLack(thrown)) this.tooLarge(message);
        const lack = this.lack(message, codeOf(thrown, 'crash'), sentenceOf(thrown));
        answer({ type: 'failed', id, ...lack, source: null, ...none });
      }
    }).catch((thrown) => this.tellLog(thrown));
  }

  /** With the next frame. A trap here is met, and answered for, by that. */
  set(index: number, values: number[]): void {
    try {
      const { engine } = this;
      engine.bytes(this.values, 4 * values.length).set(new Uint8Array(new Float32Array(values).buffer));
      this.check(engine.exports.tempera_web_set(this.stylizer, index, this.values, values.length), 'source');
    } catch (thrown) {
      this.tellLog(thrown);
    }
  }

  /** Behind the frames that are on their way. */
  reset(): void {
    const forget = () => (this.scene ? this.scene.reset() : this.engine.exports.tempera_web_reset(this.stylizer));
    this.tail = this.tail.then(() => this.check(forget(), 'source'))
      .catch((thrown) => this.tellLog(thrown));
  }

  private tellLog(thrown: unknown): void {
    this.tell({ type: 'log', level: 2, line: `The painting worker: ${sentenceOf(thrown)}` });
  }

  private planBytes(): number {
    if (this.engine.trap) return 0;
    return (this.engine.exports.tempera_web_memory(this.stylizer) >>> 0) + (this.scene?.planBytes() ?? 0);
  }
}

const none = { opened: 0, closed: 0 };
const aligned = (bytes: number): number => (bytes + 63) & ~63;

/** Refused for lack of memory, or trapped: what a lack of memory looks like where nobody looked for it. */
function isLack(thrown: unknown): boolean {
  return thrown instanceof OutOfMemory || thrown instanceof Trap;
}

/** otherwise: of what is none of ours. */
function codeOf(thrown: unknown, otherwise: FailureCode): FailureCode {
  if (thrown instanceof Refusal) return thrown.code;
  return isLack(thrown) ? 'memory' : otherwise;
}
