// Firefox without a window, by WebDriver BiDi over its own websocket: no driver program stands between. What the
// tests need of it, and nothing else; webkit.mjs gives the same.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithUs } from './programs.mjs';

export const name = 'Firefox';
const executable = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const startMs = 60000; // a fresh profile on a busy machine

/** false when it can run; otherwise what is missing. */
export function whatIsMissing() {
  if (!existsSync(executable)) return `no Firefox at ${executable} (tools/setup browsers installs it; FIREFOX names another)`;
  if (!existsSync(new URL('../../web/node_modules/ws', import.meta.url))) return 'ws is not installed: npm ci in web/';
  return false;
}

// A camera that shows a test picture, granted without a question; nothing that calls home.
const preferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'remote.prefs.recommended': true,
  'app.update.disabledForTesting': true,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.server': '',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'browser.startup.page': 0,
};

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'tempera-firefox-'));
  const lines = Object.entries(preferences).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`);
  writeFileSync(join(profile, 'user.js'), lines.join(''));
  const child = endsWithUs(spawn(executable, ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MOZ_CRASHREPORTER_DISABLE: '1' } }));
  const end = async () => {
    const gone = child.exitCode !== null ? null : new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const link = await Link.open(`${await addressOf(child)}/session`);
    const { capabilities } = await link.ask('session.new', { capabilities: {} });
    await link.ask('session.subscribe', { events: ['log.entryAdded'] });
    return {
      version: capabilities.browserVersion,
      open: (options) => openPage(link, options),
      close: async () => {
        await Promise.race([link.ask('browser.close', {}), new Promise((done) => setTimeout(done, 5000))]).catch(() => {});
        link.close();
        await end();
      },
    };
  } catch (thrown) {
    await end();
    throw thrown;
  }
}

/** The websocket's address, which Firefox prints. */
function addressOf(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`Firefox did not start within ${startMs} ms: ${said}`)), startMs);
    child.stderr.on('data', (bytes) => {
      said += bytes;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}: ${said}`)));
  });
}

class Link {
  #socket;
  #waiting = new Map();
  #ids = 0;
  /** Called with every event. */
  heard = new Set();

  static async open(address) {
    const WebSocket = createRequire(new URL('../../web/package.json', import.meta.url))('ws');
    const link = new Link();
    link.#socket = new WebSocket(address, { perMessageDeflate: false, maxPayload: 1 << 30 });
    await new Promise((resolve, reject) => link.#socket.once('open', resolve).once('error', reject));
    link.#socket.on('message', (text) => link.#hear(JSON.parse(text)));
    link.#socket.on('close', () => link.#waiting.forEach(({ reject }) => reject(new Error('Firefox is gone'))));
    return link;
  }
  #hear(message) {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return this.heard.forEach((f) => f(message));
    this.#waiting.delete(message.id);
    if (message.type === 'error') waiting.reject(new Error(`${waiting.method}: ${message.error}: ${message.message}`));
    else waiting.resolve(message.result);
  }
  ask(method, params) {
    return new Promise((resolve, reject) => {
      const id = ++this.#ids;
      this.#waiting.set(id, { method, resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
  close() {
    this.#socket.close();
  }
}

/** A tab with storage and service workers of its own. before: code that runs before anything of the page's. */
async function openPage(link, { before = '', width = 1280, height = 800 } = {}) {
  const { userContext } = await link.ask('browser.createUserContext', {});
  const { context } = await link.ask('browsingContext.create', { type: 'tab', userContext });
  const said = [];
  const hear = ({ method, params }) => {
    if (method !== 'log.entryAdded' || params.source.context !== context) return;
    said.push(`${params.type === 'javascript' ? 'uncaught: ' : ''}${params.level}: ${params.text}`);
  };
  link.heard.add(hear);
  await link.ask('browsingContext.setViewport', { context, viewport: { width, height } });
  if (before) {
    await link.ask('script.addPreloadScript', { functionDeclaration: `() => {${before}}`, contexts: [context] });
  }
  /** f runs in the page, with an argument and a result that JSON can say. */
  const evaluate = async (f, arg = null) => {
    const reply = await link.ask('script.callFunction', {
      functionDeclaration: `async (arg) => JSON.stringify((await (${f})(JSON.parse(arg))) ?? null)`,
      arguments: [{ type: 'string', value: JSON.stringify(arg) }],
      target: { context }, awaitPromise: true, userActivation: true,
    });
    if (reply.type === 'success') return JSON.parse(reply.result.value);
    throw new Error(`in the page: ${reply.exceptionDetails.text}`);
  };
  return {
    said,
    evaluate,
    goto: (url) => link.ask('browsingContext.navigate', { context, url, wait: 'complete' }),
    screenshot: async (file) => {
      const { data } = await link.ask('browsingContext.captureScreenshot', { context });
      writeFileSync(file, Buffer.from(data, 'base64'));
    },
    setFiles: async (selector, files) => {
      const { nodes } = await link.ask('browsingContext.locateNodes', {
        context, locator: { type: 'css', value: selector } });
      await link.ask('input.setFiles', { context, element: { sharedId: nodes[0].sharedId }, files });
    },
    close: async () => {
      link.heard.delete(hear);
      await link.ask('browsingContext.close', { context });
      await link.ask('browser.removeUserContext', { userContext });
    },
  };
}
