// Speaks with OBS (obs-websocket 5): one request a line on standard input, one answer a line on standard output.
//   node obs_control.mjs PORT < requests
// A line is "REQUEST {json}", "sleep SECONDS", or "until FIELD VALUE REQUEST {json}", which asks again, for at most 15 s.
// A request that OBS refuses ends it with exit code 1.
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { createInterface } from 'node:readline';

const [port] = process.argv.slice(2);
const fail = (why) => { console.error(`obs_control: ${why}`); process.exit(1); };
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

// A WebSocket as far as this needs one: text, whole messages, 64-bit lengths, pings.
function connect() {
  return new Promise((resolve, reject) => {
    const key = randomBytes(16).toString('base64');
    const request = http.request({ host: '127.0.0.1', port, headers: {
      Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': 13,
      'Sec-WebSocket-Protocol': 'obswebsocket.json' } });
    request.on('error', reject);
    request.on('upgrade', (response, socket, head) => resolve({ socket, head }));
    request.end();
  });
}
function frame(opcode, payload) {
  const mask = randomBytes(4);
  const length = payload.length < 126 ? Buffer.from([0x80 | payload.length])
    : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
  const body = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]));
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, mask, body]);
}

async function connected() {
  for (let tries = 0; ; ++tries) {
    try { return await connect(); } catch (error) { if (tries > 150) fail(`no OBS at port ${port}: ${error.message}`); }
    await sleep(0.2);
  }
}
const { socket, head } = await connected();
const waiting = new Map();
let identified;
const ready = new Promise((resolve) => { identified = resolve; });
const send = (op, d) => socket.write(frame(1, Buffer.from(JSON.stringify({ op, d }))));
function take(message) {
  if (message.op === 0) send(1, { rpcVersion: 1, eventSubscriptions: 0 });
  if (message.op === 2) identified();
  if (message.op === 7) waiting.get(message.d.requestId)?.(message.d);
}
let bytes = Buffer.alloc(0);
let text = Buffer.alloc(0);
function read(more) {
  bytes = Buffer.concat([bytes, more]);
  for (;;) {
    if (bytes.length < 2) return;
    let length = bytes[1] & 127, at = 2;
    if (length === 126) { if (bytes.length < 4) return; length = bytes.readUInt16BE(2); at = 4; }
    else if (length === 127) { if (bytes.length < 10) return; length = Number(bytes.readBigUInt64BE(2)); at = 10; }
    if (bytes.length < at + length) return;
    const opcode = bytes[0] & 15, payload = bytes.subarray(at, at + length);
    if (opcode === 9) socket.write(frame(10, payload));
    if (opcode < 2) text = Buffer.concat([text, payload]);
    if (opcode < 2 && bytes[0] & 128) { take(JSON.parse(text.toString())); text = Buffer.alloc(0); }
    bytes = bytes.subarray(at + length);
  }
}
socket.on('data', read);
read(head);
socket.on('close', () => fail('OBS hung up'));
socket.on('error', () => {});

let count = 0;
async function ask(requestType, requestData) {
  const requestId = String(++count);
  const answer = new Promise((resolve) => waiting.set(requestId, resolve));
  send(6, { requestType, requestId, requestData });
  const late = setTimeout(() => fail(`${requestType}: no answer in 20 s`), 20000);
  const { requestStatus, responseData } = await answer;
  clearTimeout(late);
  if (!requestStatus.result) fail(`${requestType}: ${requestStatus.comment ?? requestStatus.code}`);
  return responseData ?? {};
}
const askLine = ([requestType, ...json]) => ask(requestType, json.length ? JSON.parse(json.join(' ')) : {});
async function act(line) {
  const words = line.split(' ');
  if (words[0] === 'sleep') return sleep(Number(words[1]));
  if (words[0] !== 'until') return console.log(JSON.stringify(await askLine(words)));
  for (let tries = 0; String((await askLine(words.slice(3)))[words[1]]) !== words[2]; ++tries) {
    if (tries > 150) fail(`${line}: not so`);
    await sleep(0.1);
  }
  return undefined;
}
await ready;
for await (const line of createInterface({ input: process.stdin })) if (line.trim()) await act(line.trim());
process.exit(0);
