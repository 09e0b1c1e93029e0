// A scene in the painting worker: a mask network, the styles of its regions, and what is painted where. The mask is made
// of the very frame that is painted, in one call of the engine: the two cannot come apart.
import type { EngineModule, RegionExports } from './engine_module.js';
import type { FailureCode, Scene, SceneRegion } from './protocol.js';

/** Throws what a status means. what: the thing at fault, before the engine's words; whose: whose fault the rest is. */
export type Check = (status: number, whose: FailureCode, what?: string) => void;

const regionBytes = 16; // struct Region of src/wasm/regions.cc
// 'blur' without a number: a fiftieth of the shorter side, 10 pixels of 640x480, where faces are not known any more.
const blurShare = 1 / 50;
const mostBlur = 256; // tempera_region.blur

export class PaintedScene {
  readonly classes: string[];
  private readonly e: RegionExports;
  private readonly masker: number;
  private readonly regions: number;
  private readonly styles: number[] = [];
  /** The list for tempera_web_regions_set: structs, then names. */
  private readonly list: number;
  private readonly names: number[];
  private size = { width: 0, height: 0 };

  /** model: the stylizer that is loaded already. open: of another style's bytes. */
  constructor(
    private readonly engine: EngineModule, private readonly scene: Scene, private readonly model: number,
    precision: number, private readonly check: Check, open: (bytes: Uint8Array) => number,
  ) {
    this.e = engine.exports as unknown as RegionExports;
    const { mask } = scene;
    this.masker = this.made((out) => engine.with(mask.bytes, (at) =>
      this.e.tempera_web_mask_open(at, mask.bytes.length, precision, mask.width, mask.height, out)), 'The mask network');
    const { threshold, hold, interval } = mask;
    check(this.e.tempera_web_mask_set(this.masker, threshold, hold, 0, interval), 'parameter', 'The mask');
    this.classes = JSON.parse(engine.text(this.e.tempera_web_mask_classes(this.masker))) as string[];
    for (const style of scene.styles) this.styles.push(this.styleOf(style, open));
    this.regions = this.made((out) => this.e.tempera_web_regions_open(this.masker, out), 'The mask network');
    this.list = engine.allocate(regionBytes * scene.regions.length);
    this.names = scene.regions.map(({ name }) => this.kept(new TextEncoder().encode(`${name}\0`)));
    this.set({ width: 0, height: 0 });
  }

  private made(make: (out: number) => number, what: string): number {
    const { engine } = this;
    const out = engine.allocate(4);
    try {
      this.check(make(out), 'model', what);
      return new DataView(engine.memory.buffer).getUint32(out, true);
    } finally {
      engine.free(out);
    }
  }

  private kept(bytes: Uint8Array): number {
    const at = this.engine.allocate(bytes.length);
    this.engine.bytes(at, bytes.length).set(bytes);
    return at;
  }

  private styleOf({ name, bytes, style, values }: Scene['styles'][number], open: (bytes: Uint8Array) => number): number {
    const { engine } = this;
    const stylizer = open(bytes);
    if (stylizer === 0) this.check(engine.exports.tempera_web_status(), 'model', name);
    if (style) this.check(engine.withText(style, (at) => this.e.tempera_web_set_style(stylizer, at)), 'parameter', name);
    const all = engine.parameters(stylizer);
    for (const [parameter, numbers] of Object.entries(values)) {
      // What another style of the page's has, and this one has not, is nobody's mistake.
      const index = all.findIndex((p) => p.name === parameter);
      if (index < 0 || all[index]!.default.length !== numbers.length) continue;
      const bytes = new Uint8Array(new Float32Array(numbers).buffer);
      const set = (at: number) => engine.exports.tempera_web_set(stylizer, index, at, numbers.length);
      this.check(engine.with(bytes, set), 'parameter', name);
    }
    return stylizer;
  }

  private stylizerOf({ look }: SceneRegion): number {
    if (look === 'model') return this.model;
    return typeof look === 'number' ? this.styles[look]! : 0;
  }

  /** The list of regions, for frames of this size. */
  private set(size: { width: number; height: number }): void {
    const { engine, scene } = this;
    const own = Math.min(mostBlur, Math.max(1, Math.min(size.width, size.height) * blurShare));
    const view = new DataView(engine.memory.buffer, this.list, regionBytes * scene.regions.length);
    scene.regions.forEach((region, i) => {
      const at = regionBytes * i;
      view.setUint32(at, this.names[i]!, true);
      view.setUint32(at + 4, this.stylizerOf(region), true);
      view.setFloat32(at + 8, region.look === 'blur' ? region.blur || own : 0, true);
      view.setFloat32(at + 12, scene.mask.feather, true);
    });
    this.check(this.e.tempera_web_regions_set(this.regions, this.list, scene.regions.length), 'parameter', 'The regions');
    this.size = size;
  }

  prepare(width: number, height: number, format: number): number {
    if (this.size.width !== width || this.size.height !== height) this.set({ width, height });
    return this.e.tempera_web_regions_prepare(this.regions, width, height, format);
  }

  paint(from: number, to: number, timeUs: number, cut: number): number {
    return this.e.tempera_web_regions_paint(this.regions, from, to, timeUs, cut);
  }

  reset(): number {
    return this.e.tempera_web_regions_reset(this.regions);
  }

  /** Of the styles besides the model. */
  planBytes(): number {
    return this.styles.reduce((sum, at) => sum + (this.engine.exports.tempera_web_memory(at) >>> 0), 0);
  }
}
