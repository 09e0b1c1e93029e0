// Full screen, keys, and files that are dropped on the page.
import { element, on, press } from './page.js';

// iPhones give full screen to videos only: there the picture fills the page instead.
export function bindFullScreen(): void {
  const work = element('work');
  const fill = (filled: boolean) => {
    work.classList.toggle('filled', filled);
    press('full', filled);
  };
  on('full', 'click', async () => {
    if (document.fullscreenElement) return document.exitFullscreen();
    if (!work.requestFullscreen) return fill(!work.classList.contains('filled'));
    await work.requestFullscreen().catch(() => fill(!work.classList.contains('filled')));
  });
  document.addEventListener('fullscreenchange', () => fill(document.fullscreenElement === work));
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.fullscreenElement) fill(false);
  });
  let idle = 0;
  work.addEventListener('pointermove', () => {
    work.classList.remove('still');
    clearTimeout(idle);
    idle = window.setTimeout(() => work.classList.add('still'), 2500);
  });
}

const keys: Record<string, string> = { ' ': 'pause', s: 'snapshot', r: 'record', f: 'full', m: 'sound' };
const keysOff = 'tempera-keys-off';

// Who speaks to the machine, or has a tremor, types letters without meaning to (WCAG 2.1.4).
function bindKeySwitch(): HTMLInputElement {
  const box = element<HTMLInputElement>('keys');
  try {
    box.checked = localStorage.getItem(keysOff) === null;
  } catch {
    // Where nothing may be stored, the choice holds for this visit.
  }
  box.addEventListener('change', () => {
    try {
      if (box.checked) localStorage.removeItem(keysOff);
      else localStorage.setItem(keysOff, '1');
    } catch {
      // As above.
    }
  });
  return box;
}

export function bindKeys(): void {
  const box = bindKeySwitch();
  document.addEventListener('keydown', (event) => {
    if (!box.checked) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const target = event.target as HTMLElement;
    // These have a use for keys of their own.
    if (target.closest('input, select, textarea, [contenteditable]')) return;
    if (event.key === ' ' && target.closest('button, a, [role=slider]')) return;
    const id = keys[event.key.toLowerCase()];
    if (!id) return;
    const button = element<HTMLButtonElement>(id);
    // What cannot be pressed has no key either: click() would act through inert.
    if (button.hidden || button.disabled || button.closest('[inert]')) return;
    event.preventDefault();
    button.click();
  });
}

export function bindDrop(open: (file: File) => void): void {
  let depth = 0;
  const mark = () => document.body.classList.toggle('dropping', depth > 0);
  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragenter', (event) => {
    if (!holdsFiles(event)) return;
    depth += 1;
    mark();
  });
  document.addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1);
    mark();
  });
  document.addEventListener('dragover', (event) => {
    if (holdsFiles(event)) event.preventDefault();
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    mark();
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
}
