// A test program in a browser's worker: gets its address and arguments, says its exit code and what it printed.
import {runProgram} from './wasi_program.mjs';

self.onmessage = async ({data: {url, words}}) => {
  const decoder = new TextDecoder();
  let text = '';
  try {
    const module = await WebAssembly.compile(await (await fetch(url)).arrayBuffer());
    const code = runProgram(module, words, (bytes) => (text += decoder.decode(bytes, {stream: true})));
    self.postMessage({code, text});
  } catch (thrown) {
    self.postMessage({code: -1, text: `${text}\n${thrown?.stack ?? thrown}`});
  }
};
