// Which size is painted, and the automatic choice: it follows the measured time of a frame.

export const ladder = [144, 180, 216, 270, 360, 432, 540, 720, 1080] as const;

export interface Size {
  width: number;
  height: number;
}

// The size with that shorter side and the source's shape; never larger than the source, even, at least 32.
export function sizeFor(source: Size, shorter: number): Size {
  const small = Math.min(source.width, source.height);
  const scale = Math.min(1, shorter / Math.max(1, small));
  const even = (n: number) => Math.max(32, 2 * Math.floor((n * scale) / 2 + 0.01));
  return { width: even(source.width), height: even(source.height) };
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

// Smaller is not worth looking at: below it the automatic choice lets frames go instead.
const floor = ladder.indexOf(216);

// Goes down as soon as ten frames say so, and up only where the next size, at the time that its area lets
// expect, fits with room to spare, thirty frames in a row: a new size costs a new plan, and must not flap.
export class AutoSize {
  step: number;
  private times: number[] = [];
  private ceiling = ladder.length - 1;
  private calm = 0;

  constructor(shorter = 360) {
    this.step = Math.max(0, ladder.indexOf(shorter as (typeof ladder)[number]));
  }

  get shorter(): number {
    return ladder[this.step]!;
  }

  // A source, a style or a choice of the user's: what was learnt holds no more.
  forget(): void {
    this.times = [];
    this.ceiling = ladder.length - 1;
    this.calm = 0;
  }

  // tookMs: from a frame's capture to its painting; budgetMs: between two frames; limit: the source's shorter
  // side. True: the size changed.
  note(tookMs: number, budgetMs: number, limit: number): boolean {
    this.times.push(tookMs);
    if (this.times.length < 10) return false;
    const time = median(this.times);
    if (time > budgetMs && this.step > floor) return this.down(time, budgetMs);
    if (this.times.length < 30) return false;
    this.times = [];
    this.calm += 1;
    // What was too slow once is tried again after a while: the machine may have been busy.
    if (this.calm > 20) this.ceiling = ladder.length - 1;
    return this.up(time, budgetMs, limit);
  }

  private down(time: number, budgetMs: number): boolean {
    const area = (n: number) => ladder[n]! ** 2;
    this.ceiling = this.step - 1;
    let step = this.step - 1;
    while (step > floor && (time * area(step)) / area(this.step) > budgetMs * 0.9) step -= 1;
    this.step = step;
    this.times = [];
    this.calm = 0;
    return true;
  }

  private up(time: number, budgetMs: number, limit: number): boolean {
    const next = this.step + 1;
    if (next > this.ceiling || ladder[this.step]! >= limit) return false;
    const expected = time * (ladder[next]! / this.shorter) ** 2;
    if (expected > budgetMs * 0.7) return false;
    this.step = next;
    return true;
  }
}
