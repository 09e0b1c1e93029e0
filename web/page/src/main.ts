// Puts the parts together: a source, a style, and the loop between them.
import { buildControls } from './controls.js';
import { loadEngine, type Engine } from './engine.js';
import { FilmCard } from './film_card.js';
import { metadataOf, stylesIn } from '../metadata.mjs';
import { fetchListing, Gallery, type Style } from './gallery.js';
import { isolate, keepOffline } from './isolation.js';
import { Live } from './live.js';
import { clock, element, icon, on, press, say, settle, wait, warn } from './page.js';
import { fileName, FilmSound, microphone, Recorder, recordingType, save, snapshot } from './record.js';
import { bindDrop, bindFullScreen, bindKeys } from './screen.js';
import { ladder } from './sizes.js';
import { cameras, openCamera, openFile, openSample, Told, type Source } from './sources.js';
import { sweepStored } from './store.js';
import { thumbnail } from './thumbnail.js';
import { View } from './view.js';
import { Where } from './where.js';
import { engineWords, isMemory } from './words.js';

const video = element<HTMLVideoElement>('video');
const view = new View(element('painted'), element('before'), element('frame'), element('divider'));
const live = new Live(view);
const gallery = new Gallery(element('gallery'));
const recorder = new Recorder();
const sound = new FilmSound(video);

let source: Source | undefined;
let style: Style | undefined;
let opening: AbortController | undefined;
let samples: string[] = [];
let asked = 0;
// From the press of Record, while the browser asks for the microphone.
let starting = false;
// By camera: those that look at the visitor are a mirror at first, those that look away are not.
const mirrored = { away: false, facing: true };
// What the visitor turned, by name: it stays when the style changes.
const turned = new Map<string, number | readonly number[]>();
const where = new Where(gallery.styles, turned, (wanted) => void choose(wanted), () => style);

const film = new FilmCard({
  view,
  video,
  engine: () => live.engine,
  style: () => style?.name ?? 'style',
  busy(busy) {
    live.hold(busy);
    // A style that is still on its way would close the painter that the film is painted with.
    if (busy) giveUpOpening();
    for (const id of ['panel', 'bar']) element(id).inert = busy;
    if (busy) video.pause();
    else if (source?.kind === 'film') void video.play().catch(() => undefined);
  },
});

// Sources

async function use(kind: string, open: (wanted: () => boolean) => Promise<Source>): Promise<void> {
  const turn = (asked += 1);
  film.close();
  await endRecording();
  const old = source;
  try {
    // The camera and files share the <video>: what was there stops first.
    source = undefined;
    live.leave();
    old?.close();
    const opened = await open(() => turn === asked);
    if (turn !== asked) return opened.close();
    take(opened);
    // The sample comes back under the words that tell why.
    if (kind !== 'The sample') settle();
  } catch (error) {
    if (turn !== asked) return;
    view.clear();
    mark(undefined);
    warn(error instanceof Told ? error.message : `${kind} did not open. Try again.`);
    if (kind !== 'The sample') await restore();
  }
}

// The stage is never left empty: after an error the sample is back, under the words that tell of it.
async function restore(): Promise<void> {
  const turn = (asked += 1);
  const opened = await openSample(video, samples, () => turn === asked).catch(() => undefined);
  if (!opened) return;
  if (turn !== asked) return opened.close();
  take(opened);
}

function take(opened: Source): void {
  source = opened;
  const mirror = mirrored[opened.away ? 'away' : 'facing'];
  element<HTMLInputElement>('mirror').checked = mirror;
  view.mirror = opened.kind === 'camera' && mirror;
  mark(opened);
  live.show(opened);
  if (opened.kind === 'film' && opened.file) void film.open(opened.file);
  if (opened.kind === 'sample' && matchMedia('(prefers-reduced-motion: reduce)').matches) video.pause();
}

function mark(opened: Source | undefined): void {
  press('camera', opened?.kind === 'camera');
  press('sample', opened?.kind === 'sample');
  element('mirror-line').hidden = opened?.kind !== 'camera';
  element('pause').hidden = !opened?.video;
  element('sound').hidden = opened?.kind !== 'film';
  sound.silence();
  press('sound', false);
  icon('sound', 'mute');
  if (opened?.kind === 'camera') void listCameras();
  else element('camera-line').hidden = true;
}

async function listCameras(): Promise<void> {
  const list = await cameras();
  const select = element<HTMLSelectElement>('device');
  const current = (video.srcObject as MediaStream | null)?.getVideoTracks()[0]?.getSettings().deviceId;
  select.replaceChildren(...list.map((d, n) => new Option(d.label || `Camera ${n + 1}`, d.deviceId)));
  select.value = current ?? '';
  element('camera-line').hidden = list.length < 2;
}

function openTheCamera(device = ''): Promise<void> {
  return use('The camera', (wanted) =>
    openCamera(video, device, wanted, (words) => {
      warn(words);
      void restore();
    }),
  );
}

function openTheFile(file: File): void {
  if (film.running) return warn('A film is being painted. Stop it first, then open another file.');
  if (/\.onnx$/i.test(file.name)) void addStyle(file);
  else void use(file.name, () => openFile(video, file));
}

// Styles

// Those of a file of many; none of another.
async function stylesOf(file: File): Promise<Omit<Style, 'model'>[]> {
  return stylesIn(metadataOf(new Uint8Array(await file.arrayBuffer())));
}

async function addStyle(file: File): Promise<void> {
  const title = file.name.replace(/\.onnx$/i, '');
  const added: Style = { name: title, title, model: file };
  if (!(await choose(added))) return;
  const told = live.engine?.style ?? {};
  wait(`Painting the first picture in ${title}`);
  const thumb = await thumbnail(live, view);
  wait('');
  if (style !== added) return;
  const many = await stylesOf(file);
  if (many.length > 0) {
    for (const one of many) gallery.add({ ...one, model: file });
    await choose(gallery.styles[gallery.styles.length - many.length]!);
    say(`${many.length} styles of ${title} are in the list; the sliders blend them.`);
    return;
  }
  Object.assign(added, { title: told.title || title, artist: told.artist, year: told.year, thumb });
  gallery.add(added);
  gallery.mark(added);
  const notice = live.engine?.notices[0];
  say(notice ? `${added.title} paints now. ${notice}` : `${added.title} paints now.`);
}

// The old style paints on until the new one is ready. False: it cannot be used, or another was chosen meanwhile.
async function choose(wanted: Style): Promise<boolean> {
  opening?.abort();
  const { asked: place } = where;
  const shown = where.scene();
  const mine = (opening = new AbortController());
  // What is quick needs no words; and what the engine says later, of other sizes, is not for here.
  let spoken = !live.engine;
  let ended = false;
  const slow = setTimeout(() => {
    spoken = true;
    wait(shown.mask && !live.engine?.isMasked ? 'Getting ready to find people' : `Opening ${wanted.title}`);
  }, 400);
  try {
    const old = live.engine;
    const same = old && (wanted === style || (wanted.share && style?.model === wanted.model));
    // Of another style of the file that paints, and of another place, nothing is opened anew.
    if (same) await old.show(shown);
    const engine = same
      ? old
      : await loadEngine(wanted.model, {
          signal: mine.signal,
          shown,
          progress: (words) => spoken && !ended && opening === mine && wait(words),
        });
    // What is shown already counts, whatever is asked for since.
    if (engine !== live.engine && mine.signal.aborted) {
      engine.close();
      return false;
    }
    const moved = where.keep(place);
    install(wanted, engine);
    if (moved) say(`${where.words(wanted)}.`);
    return true;
  } catch (error) {
    if (mine.signal.aborted) return false;
    warn(engineWords(error, where.isMoving ? 'Painting a part of the picture' : wanted.title));
    where.restore();
    gallery.mark(style);
    return false;
  } finally {
    ended = true;
    clearTimeout(slow);
    if (opening === mine) wait('');
  }
}

function giveUpOpening(): void {
  if (!opening) return;
  opening.abort();
  where.restore();
  gallery.mark(style);
}

function install(wanted: Style, engine: Engine): void {
  if (live.engine !== engine) live.engine?.close();
  live.engine = engine;
  style = wanted;
  if (wanted.share) turned.delete(wanted.share.parameter);
  gallery.mark(wanted);
  for (const parameter of engine.params) {
    set(engine, parameter.name, turned.get(parameter.name) ?? parameter.default);
  }
  if (wanted.share) set(engine, wanted.share.parameter, wanted.share.weights);
  controls(engine);
  element('engine').textContent = [engine.line, engine.reason].filter(Boolean).join(' ');
  element('painted').setAttribute('aria-label', where.words(wanted));
  live.auto.forget();
  live.again();
  if (typeof wanted.model === 'string') history.replaceState(null, '', `#${wanted.name}`);
}

function controls(engine: Engine): void {
  buildControls(element('controls'), engine.params, (name, value) => {
    turned.set(name, value);
    set(engine, name, value);
    live.again();
  });
}

function set(engine: Engine, name: string, value: number | readonly number[]): void {
  try {
    engine.set(name, value);
  } catch {
    // A parameter of that name has other bounds in this style: its default stays.
    turned.delete(name);
  }
}

function reset(): void {
  const { engine } = live;
  if (!engine) return;
  turned.clear();
  for (const parameter of engine.params) set(engine, parameter.name, parameter.default);
  if (style?.share) set(engine, style.share.parameter, style.share.weights);
  controls(engine);
  live.again();
  say('Everything is as the style came.');
}

// Actions

function togglePause(): void {
  if (!source?.video) return;
  if (video.paused) void video.play().catch(() => undefined);
  else video.pause();
}

function showPaused(): void {
  icon('pause', video.paused ? 'play' : 'pause');
  element('pause').setAttribute('aria-label', video.paused ? 'Play' : 'Pause');
}

async function takeSnapshot(): Promise<void> {
  try {
    const name = fileName(style?.name ?? 'picture', 'png');
    save(await snapshot(view.painted), name);
    say(`Saved ${name} to your downloads.`);
  } catch (error) {
    warn(engineWords(error, 'The picture'));
  }
}

function toggleSound(): void {
  const heard = element('sound').getAttribute('aria-pressed') !== 'true';
  sound.hear(heard);
  press('sound', heard);
  icon('sound', heard ? 'sound' : 'mute');
}

async function toggleRecord(): Promise<void> {
  if (recorder.running) return endRecording();
  if (starting) return;
  if (!recordingType(false)) return warn('This browser cannot record. Use a newer one, or save pictures instead.');
  const from = source;
  starting = true;
  const mine = from?.kind === 'camera' ? await microphone() : undefined;
  starting = false;
  // Another source, or a whole film, while the browser asked: nothing is recorded of that unasked.
  if (source !== from || film.running) return mine?.stop();
  try {
    const lent = from?.kind === 'film' ? sound.track() : undefined;
    const type = recordingType(mine !== undefined || lent !== undefined);
    recorder.start(view.painted, type!, mine ? [mine] : [], lent ? [lent] : []);
  } catch (error) {
    mine?.stop();
    return warn(engineWords(error, 'Recording'));
  }
  showRecording(true);
  live.again();
  const silent = from?.kind === 'camera' && !mine;
  say(silent ? 'Recording without sound: the microphone was refused or is missing.' : 'Recording.');
}

function showRecording(running: boolean): void {
  live.locked = running;
  element<HTMLSelectElement>('size').disabled = running;
  press('record', running);
}

async function endRecording(why = ''): Promise<void> {
  if (!recorder.running) return;
  const blob = recorder.stop();
  showRecording(false);
  keepRecording((await blob) ?? new Blob(), why);
}

// why: it was not the visitor who ended it.
function keepRecording(blob: Blob, why = ''): void {
  if (blob.size === 0) return warn(why || 'Nothing was recorded. Press Play, then Record.');
  const name = fileName(style?.name ?? 'recording', blob.type.includes('mp4') ? 'mp4' : 'webm');
  save(blob, name);
  if (why) warn(`${why} What was recorded until then is saved as ${name}.`);
  else say(`Saved ${name} to your downloads.`);
}

// A phone was turned. A recording has one shape.
function shapeChanged(): void {
  const { width, height } = view.painted;
  const { videoWidth, videoHeight } = video;
  if (videoWidth > videoHeight !== width > height) void endRecording('The camera was turned: the recording ended there.');
  live.again();
}

// Meters, and the choice of size

function buildSizes(): void {
  const select = element<HTMLSelectElement>('size');
  select.append(new Option('Automatic', '0'), ...ladder.map((n) => new Option(String(n), String(n))));
  select.addEventListener('change', () => {
    live.shorter = Number(select.value);
    live.auto.forget();
    live.again();
  });
}

function showMeters(): void {
  const { fps, ms, dropped, load } = live.meters();
  const moving = source?.video && !video.paused && fps > 0;
  element('m-fps').textContent = moving ? fps.toFixed(fps < 10 ? 1 : 0) : '–';
  element('m-ms').textContent = ms > 0 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : '–';
  element('m-dropped').textContent = source?.video ? String(dropped) : '–';
  element('m-load').textContent = moving ? `${Math.round(load * 100)} %` : '–';
  const size = live.size();
  const automatic = element<HTMLSelectElement>('size').options[0]!;
  const words = size && live.shorter === 0 ? `Automatic (${size.width} × ${size.height})` : 'Automatic';
  if (automatic.text !== words) automatic.text = words;
  element('record-time').hidden = !recorder.running;
  if (recorder.running) element('record-time').textContent = clock(recorder.seconds);
}

// A size that does not fit into memory is given up for a smaller one, and that is said.
function paintingFailed(error: unknown): void {
  warn(engineWords(error, style?.title ?? 'This style'));
  if (!isMemory(error)) return;
  const size = live.size();
  const smaller = ladder.filter((n) => size && n < Math.min(size.width, size.height)).at(-1);
  if (smaller === undefined) return;
  live.shorter = smaller;
  element<HTMLSelectElement>('size').value = String(smaller);
  live.again();
}

function bind(): void {
  on('camera', 'click', () => openTheCamera());
  on('open', 'click', () => element('file').click());
  on('sample', 'click', () => use('The sample', (wanted) => openSample(video, samples, wanted)));
  on('add', 'click', () => element('model').click());
  for (const id of ['file', 'model']) {
    on(id, 'change', () => {
      const input = element<HTMLInputElement>(id);
      const chosen = input.files?.[0];
      input.value = '';
      if (chosen) openTheFile(chosen);
    });
  }
  on('device', 'change', () => openTheCamera(element<HTMLSelectElement>('device').value));
  on('mirror', 'change', () => {
    view.mirror = element<HTMLInputElement>('mirror').checked;
    mirrored[source?.away ? 'away' : 'facing'] = view.mirror;
    live.again();
  });
  on('pause', 'click', togglePause);
  on('snapshot', 'click', takeSnapshot);
  on('sound', 'click', toggleSound);
  on('record', 'click', toggleRecord);
  on('reset', 'click', reset);
  for (const event of ['play', 'pause', 'emptied']) video.addEventListener(event, showPaused);
  // What is shown of a paused camera is kept from now on.
  video.addEventListener('pause', () => source?.kind === 'camera' && live.again());
  video.addEventListener('resize', () => source?.kind === 'camera' && shapeChanged());
  // Seeking while paused shows another frame.
  video.addEventListener('seeked', () => video.paused && !film.running && live.again());
  document.addEventListener('visibilitychange', () => {
    recorder.hold(document.hidden && source?.kind !== 'camera');
    live.tickWhileHidden();
  });
  recorder.broken = (blob) => {
    showRecording(false);
    keepRecording(blob, 'The browser ended the recording.');
  };
  gallery.chosen = (wanted) => void choose(wanted);
  live.failed = paintingFailed;
  live.painted = () => {
    document.documentElement.dataset.painted ??= String(Math.round(performance.now()));
  };
  bindFullScreen();
  bindKeys();
  bindDrop(openTheFile);
  buildSizes();
  setInterval(showMeters, 500);
}

// The style that the address names.
function hashWords(): string {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
}

async function begin(): Promise<void> {
  bind();
  if (await isolate()) return;
  const listing = await fetchListing();
  samples = listing.sample;
  for (const known of listing.styles) gallery.add(known);
  element('where').hidden = !listing.mask;
  const named = hashWords();
  const first = listing.styles.find((known) => known.name === named) ?? listing.styles[0];
  gallery.mark(first);
  const opened = use('The sample', (wanted) => openSample(video, samples, wanted));
  if (first) await choose(first);
  await opened;
  void sweepStored();
  if (first && live.engine) void keepOffline([String(first.model), ...live.engine.files]);
}

begin()
  .catch((error) => warn(engineWords(error, 'This page')))
  .finally(() => wait(''));
