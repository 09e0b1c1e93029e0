// A model's bytes, wherever they are.
import { TemperaError, sentenceOf } from './errors.js';
import type { LoadOptions, Model, Progress } from './types.js';

/** Rejects with the signal's reason when it is aborted. */
export function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason ?? new DOMException('It was aborted.', 'AbortError'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export async function modelBytes(model: Model, options: LoadOptions): Promise<Uint8Array> {
  if (model instanceof Uint8Array) return model.slice();
  if (model instanceof ArrayBuffer) return new Uint8Array(model.slice(0));
  if (typeof Blob === 'function' && model instanceof Blob) return new Uint8Array(await model.arrayBuffer());
  if (typeof model !== 'string' && !(model instanceof URL)) {
    throw new TemperaError('model', 'Give the model as an address, a file or its bytes.');
  }
  return fetched(String(model), options);
}

async function fetched(url: string, { signal, onprogress }: LoadOptions): Promise<Uint8Array> {
  const failed = (why: string) => new TemperaError('network', `The model ${url} could not be fetched: ${why}.`);
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    throw failed(sentenceOf(thrown));
  }
  if (!response.ok) throw failed(`the server says ${response.status}`);
  try {
    const bytes = await withProgress(response, onprogress);
    // As development servers do for addresses that they do not know.
    if (bytes[0] === 60) throw new TemperaError('model', `${url} answers with a web page or other text, not with a model.`);
    return bytes;
  } catch (thrown) {
    if (signal?.aborted || thrown instanceof TemperaError) throw thrown;
    throw failed(sentenceOf(thrown));
  }
}

async function withProgress(response: Response, onprogress?: (p: Progress) => void): Promise<Uint8Array> {
  // Of a compressed answer the length is not the model's: then only its end is reported.
  const encoded = response.headers.get('Content-Encoding') !== null;
  const total = encoded ? 0 : Number(response.headers.get('Content-Length') ?? 0);
  if (!response.body || !(total > 0)) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    onprogress?.({ stage: 'model', done: 1 });
    return bytes;
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
    onprogress?.({ stage: 'model', done: Math.min(1, length / total) });
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
