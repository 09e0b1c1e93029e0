// WebKit's MiniBrowser on a virtual screen, by classic WebDriver. What the tests need of it, and nothing else;
// firefox.mjs gives the same.
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { endsWithUs } from './programs.mjs';

export const name = 'WebKit';
const driver = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';
const browser = process.env.MINIBROWSER ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const screen = '/usr/bin/Xvfb';
const key = 'element-6066-11e4-a52e-4f735466cecf'; // WebDriver's name for a reference to an element

/** false when it can run; otherwise what is missing. */
export function whatIsMissing() {
  for (const file of [driver, browser, screen]) {
    if (!existsSync(file)) return `no WebKit: ${file} is missing (tools/setup browsers installs it)`;
  }
  return false;
}

/** Runs until end() is called. */
class Program {
  said = '';
  constructor(path, words, environment, stdio) {
    this.child = endsWithUs(spawn(path, words, { stdio, env: { ...process.env, ...environment } }));
    this.child.stdout.on('data', (bytes) => (this.said += bytes));
    this.child.stderr.on('data', (bytes) => (this.said += bytes));
  }
  /** Resolves to what the expression finds in what it says, or its extra pipe. */
  async says(expression, from = () => this.said, withinMs = 20000) {
    for (const end = Date.now() + withinMs; Date.now() < end; ) {
      const found = expression.exec(from());
      if (found) return found;
      if (this.child.exitCode !== null) break;
      await later(20);
    }
    throw new Error(`${this.child.spawnfile} did not start: ${this.said}`);
  }
  async end() {
    const gone = this.child.exitCode !== null ? null : new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    // One that hangs does not hear it.
    const late = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
}
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** shared: whether isolated pages get shared memory. Safari's do; this port asks for JavaScriptCore's own switch. */
export async function launch({ shared = true } = {}) {
  const xvfb = new Program(screen, ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {},
    ['ignore', 'pipe', 'pipe', 'pipe']);
  let number = '';
  xvfb.child.stdio[3].on('data', (bytes) => (number += bytes));
  let web = null;
  let url = '';
  const begin = async (display) => {
    const port = await freePort();
    web = new Program(driver, [`--port=${port}`], { DISPLAY: `:${display}`, LIBGL_ALWAYS_SOFTWARE: '1',
      GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1',
      JSC_useSharedArrayBuffer: shared ? '1' : '0' }, ['ignore', 'pipe', 'pipe']);
    url = `http://127.0.0.1:${port}`;
    await answers(`${url}/status`);
  };
  try {
    const [display] = await xvfb.says(/^\d+(?=\n)/, () => number);
    await begin(display);
    return {
      version: await versionOf(display),
      open: async (options) => {
        try {
          return await openPage(url, options);
        } catch (thrown) {
          if (!/fetch failed|timeout/.test(thrown.message)) throw thrown;
          // On busy machines the driver now and then hangs or dies before there is a page: another one, once.
          await web.end();
          await begin(display);
          return openPage(url, options);
        }
      },
      close: async () => {
        await web.end();
        await xvfb.end();
      },
    };
  } catch (thrown) {
    await web?.end();
    await xvfb.end();
    throw thrown;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answers(url) {
  for (const end = Date.now() + 20000; ; await later(50)) {
    const ok = await fetch(url).then((r) => r.ok, () => false);
    if (ok) return;
    if (Date.now() > end) throw new Error(`${driver} does not answer`);
  }
}

async function versionOf(display) {
  const asked = new Program(browser, ['--version'], { DISPLAY: `:${display}` }, ['ignore', 'pipe', 'pipe']);
  await new Promise((resolve) => asked.child.once('close', resolve));
  return /[\d.]+/.exec(asked.said)?.[0] ?? 'unknown';
}

async function ask(url, method, body, withinMs = 150000) {
  const signal = AbortSignal.timeout(withinMs);
  const response = await fetch(url, { method, signal, body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${url.replace(/.*session\/[^/]*/, '')}: ${value?.error}: ${value?.message}`);
  return value;
}

/** A browser of its own, for WebDriver's sessions here are one page each. features: switches, as `+Name` or `-Name`. */
async function openPage(url, { features = [], width = 1280, height = 800 } = {}) {
  const args = ['--automation', '--autoplay-policy=allow', '--enable-mock-capture-devices=1', '--enable-media-stream=1',
    `--features=${['-MockCaptureDevicesPrompt', ...features].join(',')}`];
  const { sessionId } = await ask(`${url}/session`, 'POST', {
    capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { binary: browser, args } } },
  }, 30000);
  const session = `${url}/session/${sessionId}`;
  await ask(`${session}/timeouts`, 'POST', { script: 120000, pageLoad: 30000 });
  await ask(`${session}/window/rect`, 'POST', { width, height });
  /** f runs in the page, with an argument and a result that JSON can say. */
  const evaluate = async (f, arg = null) => {
    const code = `const done = arguments[1];
      Promise.resolve(JSON.parse(arguments[0])).then(${f})
        .then((value) => done({ value: JSON.stringify(value ?? null) }), (e) => done({ error: String(e?.stack ?? e) + ' ' + e }));`;
    const { value, error } = await ask(`${session}/execute/async`, 'POST', { script: code, args: [JSON.stringify(arg)] });
    if (error !== undefined) throw new Error(`in the page: ${error}`);
    return JSON.parse(value);
  };
  return {
    evaluate,
    goto: (to) => ask(`${session}/url`, 'POST', { url: to }),
    screenshot: async (file) => {
      writeFileSync(file, Buffer.from(await ask(`${session}/screenshot`, 'GET'), 'base64'));
    },
    setFiles: async (selector, files) => {
      const found = await ask(`${session}/element`, 'POST', { using: 'css selector', value: selector });
      await ask(`${session}/element/${found[key]}/value`, 'POST', { text: files.join('\n') });
    },
    close: () => ask(session, 'DELETE'),
  };
}
