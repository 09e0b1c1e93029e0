// The styles as a group of radio buttons: arrows move, one choice counts.

export interface Style {
  name: string;
  title: string;
  artist?: string;
  year?: string;
  // An address beside the page, or a file that was dropped.
  model: string | Blob;
  thumb?: string;
  // Of a file of many: the parameter that blends them, and what it is for this style alone.
  share?: { parameter: string; weights: number[] };
}

export interface Listing {
  styles: Style[];
  sample: string[];
  // Whether there is a network that finds people.
  mask: boolean;
}

export async function fetchListing(): Promise<Listing> {
  const answer = await fetch('styles.json');
  if (!answer.ok) throw new Error(`the list of styles was not found (${answer.status})`);
  const listing = (await answer.json()) as Partial<Listing>;
  return { styles: listing.styles ?? [], sample: listing.sample ?? [], mask: listing.mask ?? false };
}

export class Gallery {
  readonly styles: Style[] = [];
  chosen: (style: Style) => void = () => undefined;

  constructor(private readonly host: HTMLElement) {}

  add(style: Style): void {
    this.styles.push(style);
    const card = document.createElement('label');
    card.className = 'style';
    const radio = document.createElement('input');
    Object.assign(radio, { type: 'radio', name: 'style', value: style.name });
    radio.addEventListener('change', () => this.chosen(style));
    const thumb = document.createElement('span');
    thumb.className = 'thumb';
    thumb.append(this.picture(style));
    const title = document.createElement('b');
    title.textContent = style.title;
    const by = document.createElement('small');
    by.textContent = [style.artist, style.year].filter(Boolean).join(', ');
    card.append(radio, thumb, title, by);
    this.host.append(card);
  }

  // Marks it, without choosing it.
  mark(style: Style | undefined): void {
    this.host.querySelectorAll('input').forEach((radio, i) => (radio.checked = this.styles[i] === style));
  }

  private picture(style: Style): HTMLElement {
    if (style.thumb) {
      const image = document.createElement('img');
      // The title beside it says what it is.
      Object.assign(image, { src: style.thumb, alt: '', width: 320, height: 180 });
      return image;
    }
    const blank = document.createElement('span');
    blank.className = 'blank';
    blank.setAttribute('aria-hidden', 'true');
    blank.textContent = style.title.charAt(0).toUpperCase();
    return blank;
  }
}
