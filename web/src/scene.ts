// What a page says of masks and regions, looked at and fetched: a scene for the painting worker.
import { TemperaError, sentenceOf } from './errors.js';
import { maskFile } from './files.js';
import { givenFindings, type Finding } from './findings.js';
import { modelBytes } from './model.js';
import type { Scene, SceneRegion } from './protocol.js';
import type { LoadOptions, Look, Mask, MaskOptions, Model, Regions, StyleLook } from './types.js';

export interface Wanted {
  mask: Mask | null;
  regions: Regions | null;
}
export interface MadeScene {
  scene: Scene;
  findings: Finding[];
}

const wrong = (sentence: string) => new TemperaError('parameter', sentence);
const mostRegions = 16; // tempera_regions_set
const bounds = {
  feather: [0, 1024], threshold: [0, 1], hold: [0, 1], interval: [0, 16], width: [0, 16384], height: [0, 16384],
} as const;

/** Null, or one that can be looked for. Throws a TemperaError. */
export function checkMask(mask: Mask | null | undefined): Mask | null {
  if (mask === null || mask === undefined || mask === 'person') return mask ?? null;
  if (typeof mask !== 'object' || !('model' in mask)) {
    throw wrong(`mask is 'person', { model, class } or null, not ${String(mask)}.`);
  }
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = mask[name as keyof typeof bounds];
    if (value === undefined || (typeof value === 'number' && value >= least && value <= most)) continue;
    throw wrong(`A mask's ${name} is a number from ${least} to ${most}, not ${String(value)}.`);
  }
  return mask;
}

/** Throws a TemperaError. */
export function checkRegions(regions: Regions | null | undefined): Regions | null {
  if (regions === null || regions === undefined) return null;
  const entries = typeof regions === 'object' ? entriesOf(regions) : [];
  if (entries.length < 1 || entries.length > mostRegions) {
    throw wrong(`regions names 1 to ${mostRegions} regions, like { person: 'model', background: 'blur' }.`);
  }
  checkOrder(regions, entries.map(([name]) => name));
  for (const [name, look] of entries) {
    if (isStyle(look) || typeof look === 'string') continue;
    const blur = (look as { blur?: unknown } | null)?.blur;
    if (typeof blur === 'number' && blur > 0 && blur <= 256) continue;
    if (blur !== undefined) throw wrong(`The blur of ${name} is a number of pixels above 0, at most 256, not ${String(blur)}.`);
    throw wrong(`${name} is 'model', 'none', 'blur', { blur }, or a style: a name, an address or { model }.`);
  }
  return regions;
}

/** Those that lie over others last. */
function entriesOf(regions: Regions): [string, Look][] {
  if (!Array.isArray(regions)) return Object.entries(regions);
  return regions.map((pair) => {
    if (Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string') return [pair[0], pair[1]];
    throw wrong(`A list of regions is of pairs, like [['person', 'model'], ['background', 'blur']].`);
  });
}

/** Names that are whole numbers come out of an object first, in rising order, wherever they were written. */
function checkOrder(regions: Regions, names: string[]): void {
  if (Array.isArray(regions)) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw wrong(`regions names ${twice} twice.`);
    return;
  }
  // Where the background stands says nothing.
  const [first, second] = names.filter((name) => name !== 'background');
  if (second === undefined || !/^(0|[1-9]\d*)$/.test(first!)) return;
  throw wrong(`Which of ${first} and ${second} lies over the other, an object with numbers as names does not keep; ` +
    `give a list: [['${first}', ...], ['${second}', ...]].`);
}

function isStyle(look: Look): look is Exclude<Look, string | { blur: number }> {
  if (look instanceof URL || isBytes(look)) return true;
  return typeof look === 'object' && look !== null && 'model' in look;
}
function isBytes(model: unknown): model is ArrayBuffer | Uint8Array | Blob {
  return model instanceof ArrayBuffer || model instanceof Uint8Array || (typeof Blob === 'function' && model instanceof Blob);
}

export class SceneMaker {
  /** By address: what was fetched once is not fetched again for other regions. */
  private readonly fetched = new Map<string, Promise<Uint8Array>>();
  private signal: AbortSignal | undefined;

  constructor(private readonly options: LoadOptions) {
    this.signal = options.signal;
  }

  /** The signal is loading's: what is asked for later is not given up with it. */
  loaded(): void {
    this.signal = undefined;
  }

  /** Rejects with a TemperaError, in words. */
  async make({ mask, regions }: Wanted): Promise<MadeScene | null> {
    if (mask === null) return null;
    const asked = this.asked(mask);
    const network = this.bytes(asked.model, (why) => this.noMask(mask, why));
    const findings = [givenFindings(this.with(asked.findings), network)];
    const styles: StyleLook[] = [];
    const list: SceneRegion[] = [];
    const shown: Regions = regions ?? { [asked.class ?? '']: 'model', background: 'none' };
    for (const [name, look] of entriesOf(shown)) list.push(this.region(name, look, styles));
    const made = styles.map(async ({ model, findings: known, style = '', values = {} }) => {
      const name = nameOf(model);
      const bytes = this.bytes(model, (why) => new TemperaError('network', `The style ${name} could not be fetched: ${why}`));
      findings.push(givenFindings(this.with(known), bytes));
      const all = Object.entries(values).map(([key, value]) => [key, [value].flat()] as const);
      return { name: `The style ${name}`, bytes: await bytes, style, values: Object.fromEntries(all) };
    });
    const { width = 0, height = 0, threshold = 0, hold = 0, interval = 0, feather = 0 } = asked;
    const [bytes, others] = await Promise.all([network, Promise.all(made)]);
    const scene = { mask: { bytes, width, height, threshold, hold, interval, feather }, styles: others, regions: list };
    return { scene, findings: (await Promise.all(findings)).flat() };
  }

  private asked(mask: Mask): MaskOptions {
    if (!isBundled(mask)) return mask as MaskOptions;
    const url = maskFile(this.options.baseUrl, 'mask-person.onnx');
    const own = { class: 'person', findings: url.replace(/\.onnx$/, '.findings.json') };
    return { ...own, ...(typeof mask === 'object' && mask), model: url };
  }

  private noMask(mask: Mask, why: string): TemperaError {
    const own = isBundled(mask);
    const what = own ? 'The mask network for people' : `The mask network ${nameOf((mask as MaskOptions).model)}`;
    const more = own ? ' It belongs beside the other files of tempera-web, as mask-person.onnx.' : '';
    return new TemperaError('network', `${what} could not be fetched: ${why}${more}`);
  }

  private with(findings: LoadOptions['findings']): LoadOptions {
    const { signal } = this;
    return { model: '', ...(findings && { findings }), ...(signal && { signal }) };
  }

  private bytes(model: Model, failed: (why: string) => TemperaError): Promise<Uint8Array> {
    const { signal } = this;
    const options = { model, ...(signal && { signal }) };
    if (isBytes(model)) return modelBytes(model, options);
    const url = String(model);
    const known = this.fetched.get(url);
    if (known) return known;
    const bytes = modelBytes(model, options).catch((thrown) => {
      this.fetched.delete(url);
      if (!(thrown instanceof TemperaError)) throw thrown;
      throw thrown.code === 'network' ? failed(thrown.message.replace(/^.* could not be fetched: /, '')) : thrown;
    });
    this.fetched.set(url, bytes);
    return bytes;
  }

  private region(name: string, look: Look, styles: StyleLook[]): SceneRegion {
    if (look === 'none' || look === 'blur') return { name, look, blur: 0 };
    if (typeof look === 'object' && 'blur' in look) return { name, look: 'blur', blur: look.blur };
    const style = look === 'model' ? null : this.styleOf(look as Exclude<typeof look, 'model'>);
    if (style === null) return { name, look: 'model', blur: 0 };
    styles.push(style);
    return { name, look: styles.length - 1, blur: 0 };
  }

  /** null: the one that is loaded. */
  private styleOf(look: string | URL | ArrayBuffer | Uint8Array | Blob | StyleLook): StyleLook | null {
    if (typeof look !== 'string') return look instanceof URL || isBytes(look) ? { model: look } : look;
    if (/[/.:]/.test(look)) return { model: look };
    // A name: the file of that name beside the model's.
    const { model } = this.options;
    if (typeof model !== 'string' && !(model instanceof URL)) {
      throw wrong(`The style ${look} would lie beside the model, which has no address; give an address, or { model }.`);
    }
    const beside = new URL(`${encodeURIComponent(look)}.onnx`, new URL(model, document.baseURI)).href;
    if (beside === new URL(model, document.baseURI).href) return null;
    return { model: beside, findings: beside.replace(/\.onnx$/, '.findings.json') };
  }
}

function isBundled(mask: Mask): boolean {
  return mask === 'person' || mask.model === 'person';
}

/** Of a model, for sentences. */
function nameOf(model: Model): string {
  if (typeof File === 'function' && model instanceof File) return model.name;
  return typeof model === 'string' || model instanceof URL ? String(model) : 'of these bytes';
}

/** Follows what the page sets, one after the other; what is overtaken is left out. */
export class Scenes {
  private applied: Wanted;
  private wanted: Wanted;
  private work: Promise<void> | null = null;
  /** Settles as what was set last does. */
  settled: Promise<void> = Promise.resolve();

  constructor(
    first: Wanted, private readonly maker: SceneMaker, private readonly apply: (made: MadeScene | null) => Promise<void>,
  ) {
    this.applied = this.wanted = first;
  }

  get now(): Wanted {
    return this.wanted;
  }

  /** A rejection that nobody looks at is told by the browser, as any other is. */
  want(change: Partial<Wanted>): void {
    this.wanted = { ...this.wanted, ...change };
    // Two that are set in a row are one change.
    this.work ??= Promise.resolve().then(() => this.follow());
    this.settled = this.work;
  }

  private async follow(): Promise<void> {
    try {
      await this.followAll();
    } finally {
      this.work = null;
    }
  }

  private async followAll(): Promise<void> {
    while (this.wanted !== this.applied) {
      const wanted = this.wanted;
      try {
        // Without a mask the regions wait for one.
        if (wanted.mask !== null || this.applied.mask !== null) {
          const made = await this.maker.make(wanted);
          if (this.wanted !== wanted) continue;
          await this.apply(made);
        }
        this.applied = wanted;
      } catch (thrown) {
        if (this.wanted !== wanted) continue;
        this.wanted = this.applied;
        // Whoever closed it knows.
        if (thrown instanceof TemperaError && thrown.code === 'closed') this.settled.catch(() => {});
        throw thrown instanceof TemperaError ? thrown : new TemperaError('model', sentenceOf(thrown));
      }
    }
  }
}
