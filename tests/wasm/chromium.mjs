// The test programs of a browser's build in Chromium, in a worker each, one after the other:
//   node tests/wasm/chromium.mjs BUILD_FOLDER [GoogleTest's arguments]
import {readdirSync, readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import {browser, closeBrowser} from '../web/browser.mjs';
import {serve} from '../web/server.mjs';

const [build, ...words] = process.argv.slice(2);
const programs = readdirSync(build).filter((name) => /^tempera_.*_test$/.test(name)).sort();
if (programs.length === 0) throw new Error(`no test program in ${build}`);
const own = (name) => readFileSync(fileURLToPath(new URL(name, import.meta.url)));
const replace = {'/chromium_worker.mjs': own('chromium_worker.mjs'), '/wasi_program.mjs': own('wasi_program.mjs')};
for (const name of programs) replace[`/${name}.wasm`] = readFileSync(`${build}/${name}`);

const server = await serve({replace});
const page = await (await browser()).newPage();
await page.goto(server.url);
let failed = 0;
for (const name of programs) {
  const started = performance.now();
  const {code, text} = await page.evaluate(({url, words}) => new Promise((resolve) => {
    const worker = new Worker('/chromium_worker.mjs', {type: 'module'});
    const end = (result) => {
      worker.terminate();
      resolve(result);
    };
    worker.onmessage = (event) => end(event.data);
    worker.onerror = (event) => end({code: -1, text: event.message || 'the worker did not start'});
    worker.postMessage({url, words});
  }), {url: `/${name}.wasm`, words: [name, ...words]});
  const passed = Number(/^\[ {2}PASSED {2}\] (\d+) test/m.exec(text)?.[1] ?? 0);
  if (code !== 0 || passed === 0) {
    ++failed;
    console.log(`${name}: FAILED in Chromium (${code}); it said at last:\n${text.split('\n').slice(-60).join('\n')}`);
  } else {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${name} in Chromium: ${passed} tests passed in ${seconds} s`);
  }
}
await closeBrowser();
server.close();
process.exitCode = failed === 0 ? 0 : 1;
