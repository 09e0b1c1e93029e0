// t.mask and t.regions: what is painted where, with a network for which the bright is a person; what is said when
// something is missing; and that the picture goes on meanwhile.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { closeBrowser, hasBuild, open, unlessInCi, whatIsMissing } from './browser.mjs';
import { maskNet } from './mask_net.mjs';

const skip = whatIsMissing();
const timeout = 90000;
after(closeBrowser);

const nets = {
  '/dist/mask-person.onnx': maskNet(),
  '/models/pair.onnx': maskNet({ classes: ['lamp', 'cellar'] }),
  '/models/dark.onnx': maskNet({ bright: 4 }),
  '/models/trio.onnx': maskNet({ classes: ['lamp', 'cellar', 'den'] }), // the last two are the same
};

/** In the page: a picture that is bright on its right half, and how painting and picture differ on either. */
const tools = () => {
  window.model = '/models/starry-night.onnx';
  window.halves = (width = 320, height = 240, edge = width / 2) => {
    const image = new ImageData(width, height);
    for (let i = 0; i < image.data.length; ++i) {
      const [x, y, k] = [(i >> 2) % width, (i >> 2) / width | 0, i % 4];
      image.data[i] = k === 3 ? 255 : (x < edge ? 20 : 190) + ((x * 7 + y * 13 + 20 * k) % 40);
    }
    return image;
  };
  // The most and the mean that two pictures differ by, in columns from..to.
  window.apart = (a, b, from, to) => {
    let most = 0, sum = 0, count = 0;
    for (let i = 0; i < a.data.length; ++i) {
      const x = (i >> 2) % a.width;
      if (x < from || x >= to || i % 4 === 3) continue;
      const by = Math.abs(a.data[i] - b.data[i]);
      most = Math.max(most, by);
      sum += by;
      ++count;
    }
    return { most, mean: sum / count };
  };
  // On either side of the edge, without the sixteen columns about it.
  window.sides = (a, b) => ({ dark: window.apart(a, b, 0, a.width / 2 - 16), bright: window.apart(a, b, a.width / 2 + 16, a.width) });
  window.load = (more) => tempera.Tempera.load({ model: window.model, precision: 'fp32', threads: 2, ...more });
  window.outcome = (promise) => promise.then(() => 'fulfilled', (e) => `${e.code ?? e.name}: ${e.message}`);
  window.later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
};
async function inPage(run, { replace = {}, argument, ...options } = {}) {
  const o = await open({ replace: { ...nets, ...replace }, ...options });
  try {
    await o.page.evaluate(tools);
    const value = await o.page.evaluate(run, argument);
    assert.deepEqual(o.said.filter((line) => line.startsWith('uncaught')), []);
    return { value, served: o.server.served };
  } finally {
    await o.close();
  }
}

for (const build of ['relaxed', 'simd', 'single']) {
  const why = skip || unlessInCi(!hasBuild(`${build}-whole`) && `web/dist has no tempera-${build}-whole.wasm`);
  test(`${build}: the person is painted, the rest is the picture to the byte, and back`, { skip: why, timeout }, async () => {
    const { value, served } = await inPage(async (build) => {
      const t = await window.load({ build });
      const picture = window.halves();
      const whole = await t.paint(picture);
      t.mask = 'person';
      await t.masked;
      const { engine, classes } = t.info;
      const person = await t.paint(picture);
      t.regions = { person: 'none', background: 'model' };
      await t.masked;
      const background = await t.paint(picture);
      t.mask = null;
      await t.masked;
      const again = await t.paint(picture);
      t.close();
      return { engine, classes, toPicture: window.sides(person, picture), toWhole: window.sides(person, whole),
        around: window.sides(background, picture), aroundWhole: window.sides(background, whole),
        again: window.apart(again, whole, 0, whole.width).most };
    }, { argument: build });
    assert.equal(value.engine, 'whole');
    assert.deepEqual(value.classes, ['person']);
    assert.equal(value.toPicture.dark.most, 0, 'the background is not the picture');
    assert.equal(value.toWhole.bright.most, 0, 'the person is not painted as without a mask');
    assert.ok(value.toPicture.bright.mean > 10, 'nothing was painted');
    assert.equal(value.around.bright.most, 0);
    assert.equal(value.aroundWhole.dark.most, 0);
    assert.equal(value.again, 0, 'without a mask it is not painted as before');
    const count = (name) => served.filter((path) => path.endsWith(name)).length;
    assert.equal(count('/mask-person.onnx'), 1, 'the mask network is fetched once, when it is asked for');
    assert.equal(count(`/tempera-${build}.wasm`), 1);
  });
}

test('nothing of masks is fetched where none is asked for', { skip, timeout }, async () => {
  const { served } = await inPage(async () => {
    const t = await window.load({ regions: { person: 'blur' } });
    await t.paint(window.halves());
    t.close();
  });
  assert.deepEqual(served.filter((path) => /mask|whole/.test(path)), []);
});

test('two styles at once, by name, address and bytes; and a blur', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const picture = window.halves();
    const alone = await window.load({ model: '/models/great-wave.onnx' });
    const wave = await alone.paint(picture);
    alone.set('strength', 0.4);
    const faint = await alone.paint(picture);
    alone.close();
    const t = await window.load({ mask: 'person', regions: { person: 'model', background: 'great-wave' } });
    const seen = { engine: t.info.engine };
    const first = await t.paint(picture);
    const night = await window.load();
    const starry = await night.paint(picture);
    night.close();
    seen.name = [window.sides(first, wave).dark.most, window.sides(first, starry).bright.most];
    const bytes = new Uint8Array(await (await fetch('/models/great-wave.onnx')).arrayBuffer());
    for (const [name, look] of Object.entries({ address: '/models/great-wave.onnx', bytes, url: new URL('/models/great-wave.onnx', location) })) {
      t.regions = { background: look, person: 'none' };
      await t.masked;
      const painted = await t.paint(picture);
      seen[name] = [window.sides(painted, wave).dark.most, window.sides(painted, picture).bright.most];
    }
    t.regions = { background: { model: bytes, values: { strength: 0.4, unheard: 1 } }, person: 'model' };
    await t.masked;
    const values = await t.paint(picture);
    seen.values = [window.sides(values, faint).dark.most, window.sides(values, starry).bright.most];
    t.set('strength', 0);
    seen.set = window.sides(await t.paint(picture), picture).bright.most;
    for (const background of ['blur', { blur: 3 }]) {
      t.regions = { background, person: 'none' };
      await t.masked;
      const blurred = await t.paint(picture);
      const { dark, bright } = window.sides(blurred, picture);
      seen[`blur ${background.blur ?? ''}`] = [dark.mean > 3, bright.most];
    }
    t.close();
    return seen;
  });
  assert.equal(value.engine, 'whole');
  for (const name of ['name', 'address', 'bytes', 'url', 'values']) assert.deepEqual(value[name], [0, 0], name);
  assert.equal(value.set, 0, 'set() reaches the style that is loaded');
  assert.deepEqual([value['blur '], value['blur 3']], [[true, 0], [true, 0]]);
});

test('a network of one’s own, and the class that is meant', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const picture = window.halves();
    const t = await window.load({ mask: { model: '/models/pair.onnx', class: 'cellar' } });
    const sides = async () => window.sides(await t.paint(picture), picture);
    const seen = { classes: t.info.classes, cellar: await sides() };
    t.regions = { lamp: 'model' };
    await t.masked;
    seen.lamp = await sides();
    t.mask = { model: await (await fetch('/models/pair.onnx')).blob(), class: '1', feather: 2, threshold: 0.4, hold: 0.5 };
    t.regions = null;
    await t.masked;
    seen.number = await sides();
    t.mask = { model: '/models/trio.onnx' };
    t.regions = [['2', 'model'], ['1', 'none']];
    await t.masked;
    seen.under = await sides();
    t.regions = [['1', 'none'], ['2', 'model']];
    await t.masked;
    seen.over = await sides();
    t.regions = null;
    t.mask = { model: '/models/dark.onnx', class: 'person' };
    await t.masked;
    seen.nobody = await sides();
    t.close();
    return seen;
  });
  assert.deepEqual(value.classes, ['lamp', 'cellar']);
  const painted = ({ dark, bright }) => [dark.most > 0, bright.most > 0];
  assert.deepEqual(painted(value.cellar), [true, false]);
  assert.deepEqual(painted(value.lamp), [false, true]);
  assert.deepEqual(painted(value.number), [true, false]);
  assert.deepEqual(painted(value.under), [false, false], 'the later region of a list does not lie over the earlier');
  assert.deepEqual(painted(value.over), [true, false], 'the later region of a list does not lie over the earlier');
  assert.deepEqual(painted(value.nobody), [false, false], 'where nobody is, something is painted');
});

test('what cannot be had is said, and what was painted goes on', { skip, timeout }, async () => {
  const replace = { '/dist/mask-person.onnx': null, '/models/text.onnx': 'no model', '/models/page.onnx': '<!doctype html>' };
  const { value } = await inPage(async () => {
    const picture = window.halves();
    const t = await window.load();
    const whole = await t.paint(picture);
    const seen = {};
    const tried = async (name, mask, regions = null) => {
      t.mask = mask;
      t.regions = regions;
      seen[name] = await window.outcome(t.masked);
      const painted = await t.paint(picture);
      if (window.apart(painted, whole, 0, whole.width).most !== 0) seen[name] += ' BUT PAINTED OTHERWISE';
      if (t.mask !== null || t.regions !== null) seen[name] += ' BUT KEPT';
    };
    const pair = { model: '/models/pair.onnx' };
    await tried('missing', 'person');
    await tried('elsewhere', { model: '/models/none.onnx' });
    await tried('text', { model: '/models/text.onnx' });
    await tried('page', { model: '/models/page.onnx' });
    await tried('painter', { model: '/models/great-wave.onnx' });
    await tried('class', pair, { dog: 'model' });
    await tried('style', pair, { lamp: 'no-such-style' });
    await tried('damaged', pair, { lamp: new Uint8Array([1, 2, 3]) });
    await tried('mask as style', pair, { lamp: '/models/pair.onnx' });
    const load = (options) => window.outcome(window.load(options).then((t) => t.close()));
    seen.load = await load({ mask: 'person' });
    seen.word = await load({ mask: 'people' });
    seen.look = await load({ mask: 'person', regions: { person: { blur: -1 } } });
    seen.none = await load({ mask: 'person', regions: {} });
    seen.numbers = await load({ mask: pair, regions: { 1: 'model', 0: 'blur', background: 'none' } });
    seen.mixed = await load({ mask: pair, regions: { cellar: 'model', 0: 'blur' } });
    seen.twice = await load({ mask: pair, regions: [['0', 'model'], ['0', 'blur']] });
    seen.pairs = await load({ mask: pair, regions: ['0', 'model'] });
    try {
      t.mask = { model: '/models/pair.onnx', feather: 5000 };
    } catch (thrown) {
      seen.feather = `${thrown.code}: ${thrown.message}`;
    }
    t.close();
    return seen;
  }, { replace });
  const expected = {
    missing: /^network: The mask network for people could not be fetched: the server says 404\. .*mask-person\.onnx\.$/,
    elsewhere: /^network: The mask network \/models\/none\.onnx could not be fetched: the server says 404\.$/,
    text: /^model: The mask network cannot be used: ./,
    page: /^model: \/models\/page\.onnx answers with a web page/,
    painter: /^model: The mask network cannot be used: .*(channels|paint)/,
    class: /^parameter: .*dog.*lamp.*cellar/,
    style: /^network: The style .*no-such-style\.onnx could not be fetched: the server says 404\.$/,
    damaged: /^model: The style of these bytes cannot be used: ./,
    'mask as style': /^model: The style \/models\/pair\.onnx cannot be used: .*mask/,
    load: /^network: The mask network for people could not be fetched/,
    word: /^parameter: mask is 'person', \{ model, class \} or null, not people\.$/,
    look: /^parameter: The blur of person is a number of pixels above 0, at most 256, not -1\.$/,
    none: /^parameter: regions names 1 to 16 regions/,
    numbers: /^parameter: Which of 0 and 1 lies over the other, .* give a list: /,
    mixed: /^parameter: Which of 0 and cellar lies over the other/,
    twice: /^parameter: regions names 0 twice\.$/,
    pairs: /^parameter: A list of regions is of pairs/,
    feather: /^parameter: A mask's feather is a number from 0 to 1024, not 5000\.$/,
  };
  for (const [name, words] of Object.entries(expected)) {
    assert.match(value[name], words, name);
    assert.doesNotMatch(value[name], / BUT /, name);
  }
});

test('the signal of loading is over with it', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const control = new AbortController();
    const t = await window.load({ signal: control.signal });
    control.abort();
    t.mask = 'person';
    t.regions = { person: 'great-wave' };
    const said = await window.outcome(t.masked);
    const picture = window.halves();
    const { dark, bright } = window.sides(await t.paint(picture), picture);
    t.close();
    return { said, painted: [dark.most > 0, bright.most > 0] };
  });
  assert.deepEqual(value, { said: 'fulfilled', painted: [false, true] });
});

test('a host without the whole engine says that it has no masks', { skip, timeout }, async () => {
  const replace = Object.fromEntries(['relaxed', 'simd', 'single'].map((b) => [`/dist/tempera-${b}-whole.wasm`, null]));
  const { value } = await inPage(async () => {
    const t = await window.load();
    t.mask = 'person';
    const said = await window.outcome(t.masked);
    const painted = await window.outcome(t.paint(window.halves()));
    const { engine } = t.info;
    t.close();
    return { said, painted, engine };
  }, { replace });
  assert.match(value.said, /^network: The small engine has no masks, and the whole one cannot be had: .*404\.$/);
  assert.deepEqual([value.painted, value.engine], ['fulfilled', 'styles']);
});

test('the picture goes on while a mask is on its way, and nothing is painted twice over', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const t = await window.load();
    const picture = window.halves();
    await t.paint(picture);
    let over = false;
    const log = [];
    const painting = (async () => {
      while (!over) {
        const painted = await t.paint(picture);
        log.push(window.sides(painted, picture).dark.most === 0);
      }
    })();
    const frames = async (count) => {
      while (log.length < count) await window.later(5);
    };
    await frames(2);
    const start = log.length;
    t.mask = 'person';
    await t.masked;
    const meanwhile = log.length - start;
    await frames(start + meanwhile + 3);
    over = true;
    await painting;
    t.close();
    return { meanwhile, log };
  });
  // A frame that waited until the mask was ready would be the only one.
  assert.ok(value.meanwhile >= 2, `${value.meanwhile} frames came while the mask was on its way`);
  assert.equal(value.log[value.log.length - 1], true);
  const changes = value.log.filter((isMasked, i) => i > 0 && isMasked !== value.log[i - 1]).length;
  assert.equal(changes, 1, 'masked and not masked in turns');
});

test('what is set last counts, whatever is on its way', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const t = await window.load();
    const picture = window.halves();
    const whole = await t.paint(picture);
    t.mask = 'person';
    const first = window.outcome(t.masked);
    await window.later(20);
    t.regions = { person: 'none', background: 'none' };
    t.mask = { model: '/models/none.onnx' };
    await window.later(1);
    t.mask = null;
    const all = [await first, await window.outcome(t.masked)];
    const again = window.apart(await t.paint(picture), whole, 0, whole.width).most;
    t.mask = 'person';
    t.close();
    return { all, again, closed: await window.outcome(t.masked) };
  });
  assert.deepEqual(value.all, ['fulfilled', 'fulfilled']);
  assert.equal(value.again, 0);
  assert.match(value.closed, /^closed: /);
});

test('sizes change, memory grows, a worker crashes: it is masked as before', { skip, timeout }, async () => {
  const { value } = await inPage(async () => {
    const t = await window.load({ mask: 'person' });
    const sides = async (width, height) => {
      const picture = window.halves(width, height);
      const { dark, bright } = window.sides(await t.paint(picture), picture);
      return [dark.most, bright.most > 20];
    };
    const seen = { small: await sides(160, 120), odd: await sides(331, 247) };
    await t.prepare(640, 480);
    seen.prepared = await sides(640, 480);
    const before = t.info.memoryMB;
    seen.large = await sides(1280, 960);
    seen.grown = t.info.memoryMB > before;
    await t.reset();
    const late = await window.outcome(t.paint(window.halves(1280, 960), { timeout: 1 }));
    seen.late = late;
    seen.behind = await sides(320, 240);
    seen.crashes = t.stats.crashes;
    t.close();
    return seen;
  });
  for (const name of ['small', 'odd', 'prepared', 'large', 'behind']) assert.deepEqual(value[name], [0, true], name);
  assert.ok(value.grown, 'a larger memory was not needed');
  assert.match(value.late, /^crash: /);
  assert.equal(value.crashes, 1);
});
