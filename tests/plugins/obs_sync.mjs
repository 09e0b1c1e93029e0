// How far sound and picture of a recording are apart, where a flash and a tone come together.
//   node obs_sync.mjs PICTURES.gray SOUND.f32
// Pictures of 16x16 bytes, 30 a second; sound of 48,000 samples a second. Prints "flashes N apart MS": the median over the
// flashes, above 0 where the sound is late.
import { readFileSync } from 'node:fs';

const [pictures, sound] = process.argv.slice(2, 4).map((name) => readFileSync(name));
const light = Array.from({ length: pictures.length / 256 }, (_, i) =>
  pictures.subarray(256 * i, 256 * (i + 1)).reduce((sum, byte) => sum + byte, 0) / 256);
const middle = (light.reduce((a, b) => Math.min(a, b)) + light.reduce((a, b) => Math.max(a, b))) / 2;
const flashes = light.flatMap((l, i) => (i > 0 && light[i - 1] < middle && l >= middle ? [i / 30] : []));
const tones = [];
let quiet = Infinity;
for (let i = 0; i < sound.length / 4; ++i, ++quiet) {
  if (Math.abs(sound.readFloatLE(4 * i)) < 0.1) continue;
  if (quiet > 4800) tones.push(i / 48000);
  quiet = 0;
}
const apart = flashes.map((f) => tones.reduce((best, t) => (Math.abs(t - f) < Math.abs(best) ? t - f : best), 9));
apart.sort((a, b) => a - b);
console.log(`flashes ${flashes.length} apart ${Math.round(1000 * (apart[apart.length >> 1] ?? 9))}`);
