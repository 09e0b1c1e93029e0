// Which frame of one film each frame of another shows, and how near they are: luma alone.
//   node obs_compare.mjs SHOWN.gray KNOWN.gray WIDTH HEIGHT
// Prints "frames N worst PSNR mean PSNR shown N steps N": the shown frames, the lowest and mean PSNR (dB) of each with
// the known frame that is nearest to it, how many known frames appeared, and how often the next frame was the same or
// a later one of the known ones, which are a loop.
import { readFileSync } from 'node:fs';

const [shown, known] = process.argv.slice(2, 4).map((name) => readFileSync(name));
const size = Number(process.argv[4]) * Number(process.argv[5]);
const count = (film) => Math.floor(film.length / size);
const frame = (film, i) => film.subarray(i * size, (i + 1) * size);

// Of every `step`th pixel.
function error(a, b, step) {
  let sum = 0, pixels = 0;
  for (let i = 0; i < size; i += step, ++pixels) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum / pixels;
}
let worst = Infinity, total = 0, steps = 0, last = -1;
const seen = new Set();
for (let i = 0; i < count(shown); ++i) {
  const a = frame(shown, i);
  let nearest = 0, least = Infinity;
  for (let j = 0; j < count(known); ++j) {
    const e = error(a, frame(known, j), 7);
    if (e < least) [least, nearest] = [e, j];
  }
  const psnr = 10 * Math.log10((255 * 255) / Math.max(error(a, frame(known, nearest), 1), 1e-3));
  worst = Math.min(worst, psnr);
  total += psnr;
  seen.add(nearest);
  const ahead = (nearest - last + count(known)) % count(known);
  if (last < 0 || ahead < count(known) / 2) ++steps;
  last = nearest;
}
const n = count(shown);
console.log(`frames ${n} worst ${worst.toFixed(2)} mean ${(total / n).toFixed(2)} shown ${seen.size} steps ${steps}`);
