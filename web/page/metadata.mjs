// What a .onnx file says of itself: ModelProto.metadata_props, field 14, each a key (1) and a value (2). Nothing else
// of the file is read.
import { eachField, textOf } from './protobuf.mjs';

export function metadataOf(model) {
  const found = {};
  eachField(model, (number, field) => {
    if (number !== 14) return;
    const pair = ['', ''];
    eachField(field.bytes, (part, { bytes }) => {
      if (part === 1 || part === 2) pair[part - 1] = textOf(bytes);
    });
    found[pair[0]] = pair[1];
  });
  return found;
}

const listOf = (text) => (text ? text.split('|').map((part) => part.trim()) : []);

// The styles of a file that holds many (docs/model-format.md), each with the weights that paint it alone; none of a file
// of one. `said` as metadataOf gives it.
export function stylesIn(said) {
  const names = listOf(said['tempera.styles']);
  const titlesIn = (v) => listOf(/(?:^|;)\s*elements\s*=([^;]*)/.exec(v)?.[1]);
  const weights = Object.entries(said).filter(([k, v]) => k.startsWith('tempera.param.') &&
    /(^|;)\s*kind\s*=\s*weights\s*(;|$)/.test(v));
  // The one with as many elements as there are names, as the engine takes it.
  const [key, text] = weights.find(([, v]) => titlesIn(v).length === names.length) ??
    weights.find(([, v]) => titlesIn(v).length === 0) ?? [];
  if (!key || names.length === 0) return [];
  const titles = titlesIn(text);
  // One for all, or one for each.
  const each = (list, i) => (list.length === names.length ? list[i] : list.length > 0 ? list.join(' | ') : undefined);
  const artists = listOf(said['tempera.artist']);
  const years = listOf(said['tempera.year']);
  return names.map((name, i) => ({
    name,
    title: titles.length === names.length ? titles[i] : name,
    artist: each(artists, i),
    year: each(years, i),
    share: { parameter: key.slice('tempera.param.'.length), weights: names.map((_, k) => (k === i ? 1 : 0)) },
  }));
}
