// What load() was given, before anything is loaded: a word that is misspelt is said, not taken for the default.
import { TemperaError } from './errors.js';
import type { LoadOptions } from './types.js';

const words: Partial<Record<keyof LoadOptions, readonly string[]>> = {
  precision: ['auto', 'fp32', 'int8'],
  statistics: ['exact', 'smoothed', 'carried'],
  build: ['relaxed', 'simd', 'single'],
  engine: ['styles', 'whole'],
};
const numbers = ['threads', 'memoryMB', 'maxMemoryMB'] as const;
const mostMB = 4096; // of a memory with addresses of 32 bits

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
}
