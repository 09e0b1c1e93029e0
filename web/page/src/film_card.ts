// The card over the stage when a film is open: how much of it is painted, and where it goes.
import type { Engine, Painted } from './engine.js';
import type { Done, Film } from './film.js';
import { clock, element, on, say, warn } from './page.js';
import { fileName } from './record.js';
import { scaler } from './scaler.js';
import { ladder } from './sizes.js';
import type { View } from './view.js';
import { engineWords, isMemory, nameOf, textOf } from './words.js';

export interface Host {
  view: View;
  video: HTMLVideoElement;
  engine(): Engine | undefined;
  style(): string;
  // Live painting stops and starts, and controls that would change the film are out of reach.
  busy(busy: boolean): void;
}

export class FilmCard {
  private film: Film | undefined;
  private stop: AbortController | undefined;
  private saved = '';
  private done: Done | undefined;
  private turn = 0;

  constructor(private readonly host: Host) {
    on('film-start', 'click', () => this.paint());
    on('film-stop', 'click', () => this.stop?.abort());
    element('film-save').addEventListener('click', () => say('The film is saved where your downloads go.'));
    addEventListener('beforeunload', (event) => {
      if (this.running) event.preventDefault();
    });
  }

  get running(): boolean {
    return this.stop !== undefined;
  }

  close(): void {
    this.turn += 1;
    this.stop?.abort();
    this.film?.close();
    this.film = undefined;
    this.offer(undefined);
    element('film').hidden = true;
  }

  async open(file: File): Promise<void> {
    this.close();
    const turn = this.turn;
    element('film').hidden = false;
    element('film-name').textContent = file.name;
    element('film-line').textContent = 'Reading the film';
    this.show('film-start', false);
    try {
      const { openFilm } = await import('./film.js');
      const film = await openFilm(file, this.host.video);
      if (turn !== this.turn) return film.close();
      this.film = film;
      this.describe(film);
    } catch (error) {
      if (turn !== this.turn) return;
      element('film-line').textContent =
        nameOf(error) === 'TypeError' && !navigator.onLine
          ? 'Whole films are painted by a part that is not on this device yet. Go online once and open the film again.'
          : textOf(error);
      element('film-size').parentElement!.hidden = true;
    }
  }

  private describe(film: Film): void {
    const shorter = Math.min(film.width, film.height);
    const sound = { kept: 'sound is kept', none: 'no sound', lost: 'its sound cannot be kept' }[film.sound];
    const count = film.frames ? `${film.frames.toLocaleString('en')} frames, ` : '';
    element('film-line').textContent = `${clock(film.seconds)}, ${count}${film.width} × ${film.height}, ${sound}`;
    const select = element<HTMLSelectElement>('film-size');
    const steps = ladder.filter((size) => size < shorter && size >= 216);
    const own = new Option(`As the film (${shorter})`, String(shorter));
    select.replaceChildren(own, ...steps.reverse().map((size) => new Option(String(size), String(size))));
    // Above 720 a tab may run out of memory, and a frame takes the better part of a second.
    select.value = String(shorter > 720 ? 720 : shorter);
    select.parentElement!.hidden = false;
    this.show('film-start', true);
  }

  private show(id: string, shown: boolean): void {
    element(id).hidden = !shown;
  }

  private offer(done: Done | undefined): void {
    if (this.saved) URL.revokeObjectURL(this.saved);
    if (this.done !== done) this.done?.drop();
    this.done = done;
    this.saved = done ? URL.createObjectURL(done.file) : '';
    this.show('film-save', done !== undefined);
    this.show('film-progress', false);
    const again = element('film-start');
    again.classList.toggle('main', !done);
    again.textContent = done ? 'Paint again' : 'Paint the whole film';
    const link = element<HTMLAnchorElement>('film-save');
    if (done) {
      link.href = this.saved;
      link.download = fileName(this.host.style(), 'mp4');
    } else {
      link.removeAttribute('href');
    }
  }

  private async paint(): Promise<void> {
    const { film } = this;
    const engine = this.host.engine();
    if (!film || !engine || this.running) return;
    this.stop = new AbortController();
    this.offer(undefined);
    this.arrange(true);
    say('Painting the film.');
    try {
      const { paintFilm } = await import('./film.js');
      const shorter = Number(element<HTMLSelectElement>('film-size').value);
      const { signal } = this.stop;
      const done = await paintFilm(film, {
        engine,
        video: this.host.video,
        shorter,
        signal,
        progress: this.follow(film),
      });
      this.finish(film, done);
    } catch (error) {
      this.fail(film, error);
    } finally {
      this.stop = undefined;
      this.arrange(false);
    }
  }

  private arrange(running: boolean): void {
    this.host.busy(running);
    this.show('film-progress', running);
    this.show('film-stop', running);
    this.show('film-start', !running && this.film !== undefined);
    element<HTMLSelectElement>('film-size').disabled = running;
    if (running) element('film-stop').focus();
    else if (!element('film-save').hidden) element('film-save').focus();
  }

  // Shows a painted frame four times a second, and says how far it is every tenth of the film.
  private follow(film: Film) {
    const start = performance.now();
    let shown = 0;
    let told = 0;
    const bar = element<HTMLProgressElement>('film-progress');
    return async (done: number, frame: VideoFrame, painting: Painted) => {
      const now = performance.now();
      if (now - shown < 250 && done !== film.frames) return;
      shown = now;
      this.host.view.show(await scaler.scale(frame.clone(), painting), painting);
      const share = Math.min(1, done / Math.max(1, film.frames));
      bar.value = share;
      const left = ((now - start) / 1000 / done) * Math.max(0, film.frames - done);
      element('film-line').textContent =
        film.frames >= done
          ? `Frame ${done.toLocaleString('en')} of ${film.frames.toLocaleString('en')}, about ${clock(left)} left`
          : `Frame ${done.toLocaleString('en')}`;
      if (share - told < 0.1) return;
      told = share;
      say(`${Math.round(share * 100)} % of the film is painted.`);
    };
  }

  private finish(film: Film, done: Done): void {
    this.offer(done);
    const missing = film.frames - done.frames;
    const notes = [`Done: ${done.frames.toLocaleString('en')} frames, ${size(done.file.size)}.`];
    if (film.sound === 'lost' || done.heard === 'lost') notes.push('Its sound could not be kept.');
    else if (done.heard === 'short') notes.push('Its sound ends early: the file is damaged there.');
    if (done.stepped && done.cut) {
      notes.push('It was stepped through as far as this browser could reach; what comes after that is missing.');
    } else if (done.stepped) notes.push('This browser could not decode it, so it was stepped through.');
    else if (missing > 0) notes.push(`${missing} more are missing from the file, or damaged.`);
    else if (done.cut) notes.push('The file is damaged after that.');
    element('film-line').textContent = notes.join(' ');
    element<HTMLAnchorElement>('film-save').click();
    say(`The film is painted: ${done.frames} frames. It is in your downloads.`);
  }

  private fail(film: Film, error: unknown): void {
    if (this.film !== film) return;
    this.describe(film);
    if (nameOf(error) === 'AbortError') return say('Stopped. Nothing was saved.');
    if (nameOf(error) === 'QuotaExceededError') {
      return warn('The disk has no room for the painted film. Choose a smaller size, or free some space.');
    }
    warn(isMemory(error) ? engineWords(error, 'This size') : `The film was not finished: ${textOf(error)}`);
  }
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
