// What the benchmark's pages are made of, served on this machine; isolated or not.
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '../..');

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.json': 'application/json', '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.png': 'image/png', '.jpg': 'image/jpeg',
  '.mp4': 'video/mp4', '.webmanifest': 'application/manifest+json' };
const isolation = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin' };
const empty = '<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,"><canvas></canvas>';

/** nets: the folder of networks that were made for this run. */
export async function serve({ isolated = true, nets } = {}) {
  const folders = { '/dist/': path.join(root, 'web/dist'), '/models/': path.join(root, 'models'), '/bench/': path.join(here, 'pages'),
    '/peers/': path.join(here, 'node_modules'), '/page/': path.join(root, 'build/page'), '/nets/': nets };
  const fileOf = (name) => {
    const prefix = Object.keys(folders).find((p) => folders[p] && name.startsWith(p));
    if (!prefix) return undefined;
    const file = path.join(folders[prefix], path.normalize(`/${name.slice(prefix.length)}`));
    return existsSync(file) && statSync(file).isFile() ? file : undefined;
  };
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    const headers = { 'Cache-Control': 'no-store', ...(isolated ? isolation : {}) };
    if (name === '/') return response.writeHead(200, { ...headers, 'Content-Type': types['.html'] }).end(empty);
    const file = fileOf(name.endsWith('/') ? `${name}index.html` : name);
    if (!file) return response.writeHead(404, headers).end();
    response.writeHead(200, { ...headers, 'Content-Type': types[path.extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
