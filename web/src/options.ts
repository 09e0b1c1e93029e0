// What load() was given, before anything is loaded: a word that is misspelt is said, not taken for the default.
import { TemperaError } from './errors.js';
import { checkMask, checkRegions } from './scene.js';
import type { LoadOptions } from './types.js';

const words: Partial<Record<keyof LoadOptions, readonly string[]>> = {
  precision: ['auto', 'fp32', 'int8'],
  statistics: ['exact', 'smoothed', 'carried'],
  build: ['relaxed', 'simd', 'single'],
  engine: ['styles', 'whole'],
};
const numbers = ['threads', 'memoryMB', 'maxMemoryMB'] as const;
const mostMB = 4096; // of a memory with addresses of 32 bits

const mostMs = 2147483647; // of a browser's timers

/** Of paint(): undefined where there is none. Throws a TemperaError. */
export function checkTimeout(ms: number | undefined): number | undefined {
  if (ms === undefined || ms > mostMs) return undefined;
  if (!(ms > 0)) throw new TemperaError('parameter', `timeout is a number of milliseconds above 0, not ${String(ms)}.`);
  return ms;
}

/** Throws a TemperaError. */
export function checkOptions(options: LoadOptions): void {
  const wrong = (sentence: string) => new TemperaError('parameter', sentence);
  for (const [name, known] of Object.entries(words)) {
    const value: unknown = options[name as keyof LoadOptions];
    if (value === undefined || known.includes(value as string)) continue;
    throw wrong(`${name} is ${known.slice(0, -1).join(', ')} or ${known[known.length - 1]}, not ${String(value)}.`);
  }
  for (const name of numbers) {
    const value = options[name];
    if (value === undefined) continue;
    const most = name === 'threads' ? Infinity : mostMB;
    if (typeof value !== 'number' || !(value >= 1 && value <= most)) {
      throw wrong(`${name} is a number of at least 1${most === Infinity ? '' : ` and at most ${most}`}, not ${String(value)}.`);
    }
  }
  checkMask(options.mask);
  checkRegions(options.regions);
  const { findings } = options;
  const isList = typeof (findings as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function';
  if (findings !== undefined && !(findings instanceof URL) && !isList) {
    throw wrong('findings is an address, or pairs of key and bytes.');
  }
}
