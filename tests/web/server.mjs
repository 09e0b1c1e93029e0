// A small static server for the tests: the package's dist/, the models, pages of the tests' own; with isolation
// headers or without, with a strict content security policy or without, and with files replaced or missing.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm',
  '.png': 'image/png', '.mp4': 'video/mp4', '.onnx': 'application/octet-stream' };
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin' };
export const strictPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
  "connect-src 'self'; img-src 'self'; media-src 'self'";

const folders = { '/dist/': 'web/dist/', '/models/': 'models/', '/pages/': 'tests/web/pages/' };

// replace: path -> null (404), a Buffer or string (the answer), or a function of the true bytes.
export async function serve({ isolated = true, policy = '', replace = {} } = {}) {
  const served = [];
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, 'http://x').pathname);
    served.push(path);
    const headers = { 'Cache-Control': 'no-store', ...(isolated ? isolation : {}) };
    if (policy) headers['Content-Security-Policy'] = policy;
    try {
      const body = await bodyOf(path, replace);
      response.writeHead(200, { ...headers, 'Content-Type': types[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream',
        'Content-Length': body.length });
      response.end(body);
    } catch {
      response.writeHead(404, headers);
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  // One that a failed test leaves open does not keep the process from ending.
  server.unref();
  return { url: `http://127.0.0.1:${server.address().port}`, replace, served, close: () => server.close() };
}

async function bodyOf(path, replace) {
  const other = replace[path];
  if (other === null) throw new Error('missing');
  if (other !== undefined && typeof other !== 'function') return Buffer.from(other);
  const bytes = await fileOf(path);
  return typeof other === 'function' ? Buffer.from(other(bytes)) : bytes;
}

async function fileOf(path) {
  if (path === '/') return Buffer.from('<!doctype html><meta charset="utf-8"><title>tests</title>');
  for (const [from, to] of Object.entries(folders)) {
    if (path.startsWith(from)) return readFile(join(root, to, path.slice(from.length)));
  }
  throw new Error('unknown');
}
