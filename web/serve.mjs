// Serves a folder of static files to browsers on this machine, isolated, so that the page may use threads:
//   node serve.mjs FOLDER [PORT]
// Ranges, as players ask for them; what compresses is compressed. Loopback only.
import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { createGzip } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4',
};
const compressed = new Set(['.html', '.js', '.css', '.json', '.webmanifest', '.wasm', '.svg']);

const folder = process.argv[2];
const port = Number(process.argv[3] ?? 8000);
if (!folder || !existsSync(folder) || !Number.isInteger(port) || port < 0 || port > 65535) {
  console.error('usage: node serve.mjs FOLDER [PORT]: a folder that exists, a port from 0 (any) to 65535');
  process.exit(2);
}
const root = realpathSync(folder);

// The file that a path of a URL means; null: none in the folder.
function fileOf(url) {
  let name;
  try {
    name = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return null;
  }
  if (name.includes('\0')) return null;
  if (name.endsWith('/')) name += 'index.html';
  const file = path.join(root, path.normalize(name));
  if (!existsSync(file)) return null;
  const real = realpathSync(file);
  return real.startsWith(root + path.sep) && statSync(real).isFile() ? real : null;
}

// [first, last] of "bytes=first-last"; null: all of it; false: nothing of the file.
function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return first <= last && first < size ? [first, last] : false;
}

const server = http.createServer((request, response) => {
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...headers, Allow: 'GET, HEAD' }).end();
    return;
  }
  const file = fileOf(request.url);
  if (!file) {
    response.writeHead(404, { ...headers, 'Content-Type': 'text/plain' }).end('not here\n');
    return;
  }
  const extension = path.extname(file);
  const size = statSync(file).size;
  headers['Content-Type'] = types[extension] ?? 'application/octet-stream';
  headers['Accept-Ranges'] = 'bytes';
  const range = rangeOf(request.headers.range, size);
  if (range === false) {
    response.writeHead(416, { ...headers, 'Content-Range': `bytes */${size}` }).end();
    return;
  }
  const gzip = !range && compressed.has(extension) && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (gzip) {
    headers['Content-Encoding'] = 'gzip';
    headers.Vary = 'Accept-Encoding';
  } else {
    headers['Content-Length'] = range ? range[1] - range[0] + 1 : size;
  }
  if (range) headers['Content-Range'] = `bytes ${range[0]}-${range[1]}/${size}`;
  response.writeHead(range ? 206 : 200, headers);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const body = createReadStream(file, range ? { start: range[0], end: range[1] } : {});
  body.on('error', () => response.destroy());
  response.on('close', () => body.destroy());
  if (gzip) body.pipe(createGzip()).pipe(response);
  else body.pipe(response);
});
server.on('error', (error) => {
  console.error(`cannot listen on port ${port}: ${error.message}; give another one`);
  process.exit(1);
});
server.listen(port, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/  (^C ends it)`);
});
