// Where the picture is painted: the switch above the styles. Each place has a style of its own; the other one of the two
// may be left, blurred, or painted in another style.
import type { Look, Regions } from '../../src/index.js';
import type { Shown } from './engine.js';
import type { Style } from './gallery.js';
import { element } from './page.js';

export type Place = 'all' | 'person' | 'background';
type Part = 'person' | 'background';
type Values = Map<string, number | readonly number[]>;

interface State {
  place: Place;
  // none, blur: of what is not painted.
  looks: Record<Part, Style | 'none' | 'blur'>;
}

const other = { person: 'background', background: 'person' } as const;
const names = { person: 'Person', background: 'Background' };

// Masks of a film hold on to what they show; a picture's have nothing to hold.
const hold = 0.8;

export class Where {
  // What the visitor asks for, and what is painted.
  private state: State = { place: 'all', looks: { person: 'none', background: 'none' } };
  private kept = this.state;
  private readonly values: Record<Place, Values | undefined> = { all: undefined, person: undefined, background: undefined };
  private all: Style | undefined;
  private readonly rest = element<HTMLSelectElement>('rest');
  private readonly radios = [...document.querySelectorAll<HTMLInputElement>('#where input')];

  // styles: those of the gallery. turned: what the visitor turned, of the place at hand. changed: with the style that the
  // gallery shall mark.
  constructor(
    private readonly styles: readonly Style[],
    private readonly turned: Values,
    changed: (style: Style) => void,
    style: () => Style | undefined,
  ) {
    for (const radio of this.radios) {
      radio.addEventListener('change', () => {
        const now = style();
        if (now) changed(this.move(radio.value as Place, now));
      });
    }
    this.rest.addEventListener('change', () => {
      const now = style();
      if (now) changed(this.choose(this.rest.value, now));
    });
  }

  get place(): Place {
    return this.state.place;
  }

  get isMoving(): boolean {
    return this.state !== this.kept;
  }

  // What is asked for, to be kept once it is painted.
  get asked(): State {
    return this.state;
  }

  // The style that paints there.
  move(place: Place, style: Style): Style {
    const { place: from, looks } = this.state;
    this.values[from] = new Map(this.turned);
    const next = { ...looks };
    if (from === 'all') this.all = style;
    else next[from] = style;
    let wanted = style;
    if (place === 'all') {
      wanted = this.all ?? style;
    } else {
      const own = next[place];
      if (typeof own === 'string') {
        // It was left: now it is painted, and the other one is left instead.
        wanted = typeof next[other[place]] === 'string' ? style : (next[other[place]] as Style);
        next[other[place]] = own;
      } else {
        wanted = own;
      }
      next[place] = wanted;
    }
    const values = new Map(this.values[place] ?? this.turned);
    this.turned.clear();
    for (const [name, value] of values) this.turned.set(name, value);
    this.state = { place, looks: next };
    this.show();
    return wanted;
  }

  // none, blur, or the number of a style: for what the gallery does not choose for.
  private choose(look: string, style: Style): Style {
    const { place, looks } = this.state;
    if (place === 'all') return style;
    const chosen = look === 'none' || look === 'blur' ? look : (this.styles[Number(look)] ?? 'none');
    this.values[other[place]] = new Map();
    this.state = { place, looks: { ...looks, [other[place]]: chosen } };
    return style;
  }

  // It is painted so. True: not as before.
  keep(state: State): boolean {
    const moved = state !== this.kept;
    this.kept = state;
    return moved;
  }

  // It could not be had: the switch says what is painted.
  restore(): void {
    const { place } = this.kept;
    if (place !== this.state.place) {
      const values = new Map(this.values[place] ?? this.turned);
      this.turned.clear();
      for (const [name, value] of values) this.turned.set(name, value);
    }
    this.state = this.kept;
    this.show();
  }

  show(): void {
    const { place, looks } = this.state;
    for (const radio of this.radios) radio.checked = radio.value === place;
    element('styles-of').textContent = place === 'all' ? '' : ` of the ${place}`;
    element('rest-line').hidden = place === 'all';
    if (place === 'all') return;
    const part = other[place];
    element('rest-label').textContent = names[part];
    const options = this.styles.map((style, i) => new Option(style.title, String(i)));
    const group = document.createElement('optgroup');
    group.label = 'In the style of';
    group.append(...options);
    this.rest.replaceChildren(new Option('As it is', 'none'), new Option('Blurred', 'blur'), group);
    const look = looks[part];
    this.rest.value = typeof look === 'string' ? look : String(this.styles.indexOf(look));
  }

  // For the engine, whose own style is that of the place.
  scene(): Shown {
    const { place, looks } = this.state;
    if (place === 'all') return { mask: null, regions: null };
    const part = other[place];
    const look = looks[part];
    const rest = typeof look === 'string' ? look : this.styled(look, this.values[part]);
    const regions: Regions = place === 'person' ? { person: 'model', background: rest } : { background: 'model', person: rest };
    return { mask: { model: 'person', hold }, regions };
  }

  private styled({ model, share }: Style, values: Values | undefined): Look {
    const all = { ...Object.fromEntries(values ?? []), ...(share && { [share.parameter]: share.weights }) };
    const findings = typeof model === 'string' ? model.replace(/\.onnx$/, '.findings.json') : undefined;
    return { model, values: all, ...(findings && { findings }) };
  }

  // What is painted, for who does not see it.
  words(style: Style): string {
    const { place, looks } = this.state;
    if (place === 'all') return `The picture, painted in the style of ${style.title}`;
    const look = looks[other[place]];
    const left = look === 'none' ? 'is as it is' : look === 'blur' ? 'is blurred' : `is in the style of ${look.title}`;
    return `The ${place} is painted in the style of ${style.title}, the ${other[place]} ${left}`;
  }
}
