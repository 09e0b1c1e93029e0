// The page's elements, and what it says to the visitor.

export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export function on(id: string, event: string, act: (event: Event) => unknown): void {
  element(id).addEventListener(event, (e) => void act(e));
}

let quiet = 0;

// Read out by screen readers when they have time; gone after a while.
export function say(words: string): void {
  element('alert').textContent = '';
  element('say').textContent = words;
  clearTimeout(quiet);
  quiet = window.setTimeout(() => (element('say').textContent = ''), 12000);
}

// Stays until something else is said.
export function warn(words: string): void {
  element('say').textContent = '';
  // The same words again, frame after frame, would be read out again and again.
  if (element('alert').textContent !== words) element('alert').textContent = words;
}

// What was said of something that is not there any more goes.
export function settle(): void {
  element('alert').textContent = '';
  element('say').textContent = '';
}

export function wait(words: string): void {
  element('wait').textContent = words;
}

export function press(id: string, pressed: boolean): void {
  element(id).setAttribute('aria-pressed', String(pressed));
}

export function icon(id: string, symbol: string): void {
  element(id).querySelector('use')?.setAttribute('href', `#i-${symbol}`);
}

export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map((n) => String(n).padStart(2, '0'));
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${parts.join(':')}` : `${Number(parts[0])}:${parts[1]}`;
}
