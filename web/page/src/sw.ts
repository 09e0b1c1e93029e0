/// <reference lib="webworker" />
// Offline after the first load, and isolated on hosts that send no headers. The build puts the list of files and a
// digest of them in; a new digest is a new cache. The old one stays, and pages of the old build with it, until the new
// one is whole and no page of the old build is open: the files of two builds do not fit together.
declare const FILES: string[];
declare const DIGEST: string;
const scope = self as unknown as ServiceWorkerGlobalScope;
const cacheName = `tempera-${DIGEST}`;
const olderKey = 'older-headers';

scope.addEventListener('install', (event) => {
  event.waitUntil(fill().then(() => (scope.registration.active ? undefined : scope.skipWaiting())));
});

// Without these there is no page. Of the rest, thumbnails and sample, what is missing on the host keeps nothing else from
// being there offline.
const isNeeded = (file: string) => file === './' || /\.(js|css|json)$/.test(file);

async function fill(): Promise<void> {
  const cache = await caches.open(cacheName);
  const fresh = (file: string) => new Request(file, { cache: 'no-cache' });
  await cache.addAll(FILES.filter(isNeeded).map(fresh));
  const rest = FILES.filter((file) => !isNeeded(file));
  await Promise.all(rest.map((file) => cache.add(fresh(file)).catch(() => undefined)));
}

scope.addEventListener('activate', (event) => {
  // claim() is not waited for: Firefox asks every worker of the page, also those that wait for painting and answer nobody,
  // and until activation is over all that the page fetches waits for it.
  event.waitUntil(sweep().then(() => void scope.clients.claim()));
});

async function sweep(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith('tempera-') && name !== cacheName && name !== 'tempera-settings') await caches.delete(name);
  }
}

scope.addEventListener('message', (event) => {
  const keep = (event.data as { keep?: string[] }).keep;
  if (keep) event.waitUntil(keepAll(keep).then(() => event.source?.postMessage({ kept: keep.length })));
  if (event.data === 'older headers') {
    const written = caches.open('tempera-settings').then((cache) => cache.put(olderKey, new Response('1')));
    event.waitUntil(written.then(() => event.ports[0]?.postMessage('written')));
  }
});

async function keepAll(urls: string[]): Promise<void> {
  const cache = await caches.open(cacheName);
  for (const url of urls) {
    if (!(await cache.match(url))) await keepWhole(cache, url).catch(() => undefined);
  }
}

// All of it has arrived before it is put: where a page's own fetch of the same file has put it meanwhile, a put that the
// network cuts off would take that away.
async function keepWhole(cache: Cache, url: string): Promise<void> {
  const fetched = await fetch(url);
  if (fetched.status !== 200) return;
  const whole = new Response(await fetched.blob(), { headers: fetched.headers });
  if (!(await cache.match(url))) await cache.put(url, whole);
}

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (
    request.method !== 'GET' ||
    url.origin !== scope.location.origin ||
    !url.href.startsWith(scope.registration.scope)
  )
    return;
  event.respondWith(answer(request, (work) => event.waitUntil(work)));
});

async function answer(request: Request, alive: (work: Promise<unknown>) => void): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
  if (kept) return isolated(kept, request);
  try {
    const fetched = await fetch(request);
    if (fetched.status === 200 && !request.headers.has('range')) {
      const copy = fetched.clone();
      alive(cache.put(request, copy).catch(() => undefined));
    }
    return await isolated(fetched, request);
  } catch {
    if (request.mode === 'navigate') {
      const page = await cache.match('./');
      if (page) return isolated(page, request);
    }
    return new Response('offline', { status: 503, headers: { 'Content-Type': 'text/plain' } });
  }
}

// Chromium 137 and later isolates a document without its neighbours' help; that also holds in a foreign page's frame.
function hasDocumentIsolation(): boolean {
  const data = (navigator as unknown as { userAgentData?: { brands: { brand: string; version: string }[] } })
    .userAgentData;
  return data?.brands.some(({ brand, version }) => brand === 'Chromium' && Number(version) >= 137) ?? false;
}

async function isolated(response: Response, request: Request): Promise<Response> {
  if (response.type === 'opaque' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Resource-Policy', headers.get('Cross-Origin-Resource-Policy') ?? 'same-origin');
  const said = headers.has('Cross-Origin-Embedder-Policy') || headers.has('Document-Isolation-Policy');
  if (!said) await add(headers, request);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

async function add(headers: Headers, request: Request): Promise<void> {
  const older = !hasDocumentIsolation() || (await (await caches.open('tempera-settings')).match(olderKey));
  if (!older) {
    headers.set('Document-Isolation-Policy', 'isolate-and-require-corp');
    return;
  }
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  if (request.mode === 'navigate') headers.set('Cross-Origin-Opener-Policy', 'same-origin');
}
