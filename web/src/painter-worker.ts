// The painting worker: one file for both of its roles, so that a bundler has to know of one worker only. The first
// to come paints; it starts its helpers from the same address.
import { EngineModule } from './engine_module.js';
import { sentenceOf } from './errors.js';
import { Painter } from './painter.js';
import type { FromPainter, HelpMessage, ModelMessage, ToPainter } from './protocol.js';
import type { WorkerScope } from './streams.js';

const scope = globalThis as unknown as WorkerScope;
let painter: Painter | null = null;
let modelArrived: (message: ModelMessage) => void = () => {};
const model = new Promise<ModelMessage>((resolve) => (modelArrived = resolve));

/** Never comes back: the thread belongs to the engine, which sleeps in it. */
async function help(message: HelpMessage): Promise<void> {
  try {
    const quiet = { log() {}, progress() {}, found() {} };
    const { exports } = await EngineModule.instantiate(message.module, message.memory, quiet);
    if (exports.__stack_pointer) exports.__stack_pointer.value = message.stack;
    if (exports.__tls_size?.value > 0) exports.__wasm_init_tls?.(message.tls);
    exports.tempera_web_worker(message.thread);
  } catch (thrown) {
    if (message.channel) new BroadcastChannel(message.channel).postMessage(sentenceOf(thrown));
  }
}

async function receive(message: ToPainter, answer: (m: FromPainter, transfer?: Transferable[]) => void): Promise<void> {
  switch (message.type) {
    case 'help':
      return help(message);
    case 'start':
      painter = await Painter.start(message, model, scope.location.href, answer);
      return;
    case 'model':
      return modelArrived(message);
    case 'frame':
      return painter?.frame(message, answer);
    case 'prepare':
      return painter?.prepareNow(message, answer);
    case 'set':
      return painter?.set(message.index, message.values);
    case 'reset':
      return painter?.reset();
    case 'port': {
      const port = message.port;
      port.onmessage = (event: MessageEvent) => {
        void receive(event.data as ToPainter, (m, transfer) => port.postMessage(m, transfer ?? []));
      };
      return;
    }
  }
}

scope.onmessage = (event) => {
  void receive(event.data as ToPainter, (m, transfer) => scope.postMessage(m, transfer));
};
