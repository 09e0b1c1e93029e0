// What is said when something goes wrong: one plain sentence, and what to do.

const camera: Record<string, string> = {
  NotAllowedError:
    "The camera was refused. Allow it for this page in the browser's address bar, then press Camera again; " +
    'films and pictures work without it.',
  SecurityError: 'This page may not use the camera here. Open it by itself, over https or on localhost.',
  NotFoundError: 'No camera was found. Plug one in and press Camera again, or open a film or a picture.',
  OverconstrainedError: 'That camera is gone. Press Camera again to use another.',
  NotReadableError: 'The camera is busy: another program or tab is using it. Close that one, then press Camera again.',
  AbortError: 'The camera stopped while it was starting. Press Camera again.',
};

export function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : '';
}

export function textOf(error: unknown): string {
  const text = error instanceof Error || error instanceof DOMException ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim();
}

export function cameraWords(error: unknown): string {
  return camera[nameOf(error)] ?? `The camera did not start (${textOf(error) || nameOf(error)}). Try again.`;
}

export const cameraMissing =
  'This browser gives pages no camera here. Open this page over https or on localhost; films and pictures work.';
export const cameraLost = 'The camera was unplugged or taken away. Press Camera to start it again.';

export function isMemory(error: unknown): boolean {
  return nameOf(error) === 'RangeError' || /memory|allocat/i.test(textOf(error));
}

const memory = 'There is not enough memory for this size. Choose a smaller resolution, or close other tabs.';

// While a style is opened, or a frame painted.
export function engineWords(error: unknown, what: string): string {
  if (isMemory(error)) return memory;
  // 503 is what the service worker answers for a file that it does not have while there is no network.
  if (/fetch|network|load/i.test(textOf(error)) && (!navigator.onLine || /\b503\b/.test(textOf(error)))) {
    return `${what} is not on this device yet. Go online once, and choose it again.`;
  }
  const text = textOf(error);
  return `${what} cannot be used: ${text.endsWith('.') ? text : `${text}.`}`;
}

export function fileWords(name: string): string {
  return (
    `"${name}" cannot be opened here. Films: MP4, MOV or WebM as this browser plays them; ` +
    'pictures: JPEG, PNG, WebP; styles: .onnx.'
  );
}
