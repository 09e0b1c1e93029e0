// A tab that can really be hidden: by another one before it in the same window. A driver's own pages each count as seen.
import { launch } from './page_server.mjs';

// Without what drivers switch off: a hidden tab's timers are slowed down here as anywhere.
const slowing = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

export async function openTab(url, args = []) {
  const browser = await launch({ args: ['--use-fake-ui-for-media-stream', ...args], ignoreDefaultArgs: slowing });
  const root = await browser.newBrowserCDPSession();
  const { targetId } = await root.send('Target.createTarget', { url });
  const { sessionId } = await root.send('Target.attachToTarget', { targetId, flatten: false });
  const asked = new Map();
  root.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    asked.get(id)?.(result ?? { exceptionDetails: error });
    asked.delete(id);
  });
  let ids = 0;
  const send = (method, params) =>
    new Promise((resolve) => {
      const id = (ids += 1);
      asked.set(id, resolve);
      void root.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) });
    });
  const evaluate = async (expression) => {
    const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await send('Runtime.evaluate', params);
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails).slice(0, 300)}`);
    return result.value;
  };
  let cover;
  return {
    evaluate,
    async until(expression, ms = 20000) {
      // Between two documents there is nothing to ask.
      for (const end = Date.now() + ms; !(await evaluate(expression).catch(() => false)); ) {
        if (Date.now() > end) throw new Error(`not within ${ms} ms: ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async hide() {
      cover = (await root.send('Target.createTarget', { url: 'about:blank' })).targetId;
      await this.until('document.visibilityState === "hidden"');
    },
    async show() {
      await root.send('Target.closeTarget', { targetId: cover });
      await this.until('document.visibilityState === "visible"');
    },
    close: () => browser.close(),
  };
}
