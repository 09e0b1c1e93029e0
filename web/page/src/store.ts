// Painted films are written to files of the page's own, so that their length needs no memory. They are gone when they are
// not offered any more: a tab holds a lock on each of its own.

// For a download that still reads the file.
const graceMs = 600000;
// Where the browser knows no locks: another tab may still offer today's.
const dayMs = 86400000;

const isFilm = /^film-\d+-\d+\.mp4$/;

export interface Stored {
  handle: FileSystemFileHandle;
  writable: FileSystemWritableFileStream;
  // It is not needed any more. now: nobody reads it.
  drop(now: boolean): void;
}

// Rejects where the browser has no such files, or cannot write them bit by bit.
export async function openStored(): Promise<Stored> {
  const folder = await navigator.storage.getDirectory();
  const name = `film-${Date.now()}-${Math.floor(Math.random() * 1e6)}.mp4`;
  const free = hold(name);
  const remove = () => folder.removeEntry(name).catch(() => undefined);
  const drop = (now: boolean) => {
    free();
    if (now) void remove();
    else setTimeout(remove, graceMs);
  };
  try {
    const handle = await folder.getFileHandle(name, { create: true });
    const writable = await handle.createWritable();
    return { handle, writable, drop };
  } catch (error) {
    drop(true);
    throw error;
  }
}

function hold(name: string): () => void {
  let free: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (free = resolve));
  void navigator.locks?.request(name, () => held).catch(() => undefined);
  return free;
}

// What earlier visits left.
export async function sweepStored(): Promise<void> {
  try {
    const folder = await navigator.storage.getDirectory();
    const locked = await navigator.locks?.query();
    const held = new Set(locked?.held?.map((lock) => lock.name));
    const age = locked ? graceMs : dayMs;
    const entries = (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
    for await (const entry of entries) {
      if (!isFilm.test(entry.name) || held.has(entry.name)) continue;
      const file = await (entry as FileSystemFileHandle).getFile();
      if (Date.now() - file.lastModified > age) await folder.removeEntry(entry.name).catch(() => undefined);
    }
  } catch {
    // No such files here.
  }
}
