// The service worker: keeps the page for offline use, and adds the headers of isolation where the host sends none.
// Without isolation the page still runs, in one thread.

const flag = 'tempera-isolating';

// True: the page is about to load once more.
export async function isolate(): Promise<boolean> {
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return false;
  try {
    if (window.crossOriginIsolated) {
      sessionStorage.removeItem(flag);
      return false;
    }
    const registration = await register();
    const tries = Number(sessionStorage.getItem(flag) ?? 0);
    if (tries >= 2) return false;
    await controlled(registration);
    sessionStorage.setItem(flag, String(tries + 1));
    // The second try: Document-Isolation-Policy did not take, so the older pair of headers is asked for.
    if (tries === 1) await olderHeaders();
    location.reload();
    return true;
  } catch {
    // Storage or workers are forbidden here.
    return false;
  }
}

function register(): Promise<ServiceWorkerRegistration> {
  return navigator.serviceWorker.register('sw.js', { scope: './' });
}

function controlled(registration: ServiceWorkerRegistration): Promise<void> {
  return new Promise((resolve, reject) => {
    if (navigator.serviceWorker.controller && registration.active) return resolve();
    navigator.serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
    setTimeout(() => reject(new Error('no service worker')), 4000);
  });
}

// Over when the service worker has written it down: a page that loads again before would be answered with the headers
// that did not take. The worker of an older build writes it and does not answer.
function olderHeaders(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve();
    navigator.serviceWorker.controller?.postMessage('older headers', [port2]);
    setTimeout(resolve, 4000);
  });
}

// Once the first picture is painted. What this visit fetched before the service worker was there is kept as well, so that
// the page works offline at once.
export async function keepOffline(more: string[]): Promise<void> {
  if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
  try {
    await register();
    const ready = await navigator.serviceWorker.ready;
    const here = new URL('./', location.href).href;
    const fetched = performance.getEntriesByType('resource').map((entry) => entry.name);
    const own = [...fetched, ...more.map((name) => new URL(name, here).href)].filter((url) => url.startsWith(here));
    const told = ({ data }: MessageEvent<{ kept?: number }>) => {
      if (data.kept) document.documentElement.dataset['offline'] = 'kept';
    };
    navigator.serviceWorker.addEventListener('message', told);
    ready.active?.postMessage({ keep: [...new Set(own)] });
  } catch {
    // Not kept: the page needs the network next time, and nothing else changes.
  }
}
