// The page: what is chosen, drawn, dropped, pasted or opened becomes a picture, and an engine says what it sees in it.
import { BrowserEngine } from './browser-engine.js';
import { Pad } from './pad.js';
import { drawCovering, pictureOfFile, pictureOfStrokes } from './picture.js';
import { announce, showAnswer, showClasses, showNetworks } from './results.js';
import { digitStrokes, photos, strokesOf } from './samples.js';
import { ServerEngine } from './server-engine.js';

const element = (id) => document.getElementById(id);
const subjects = ['digits', 'photos'];
const pictures = {}; // the picture of each subject
let subject = location.hash === '#photos' ? 'photos' : 'digits';
let engine;
let latestTurn = 0; // answers of earlier turns are dropped

const showError = (text) => {
  element('error').classList.remove('late');
  element('error').textContent = text;
};

// Engines: a server that serves this page says so in a meta element, and whether it serves what the browser's engine needs.
const server = document.querySelector('meta[name="addernet-server"]');
const engines = {
  browser: () => (engines.running ??= new BrowserEngine()),
  server: () => (engines.asking ??= new ServerEngine(() => (element('token-label').hidden = false))),
};
// It starts while the rest of the page is built.
if (!server)
  engines
    .browser()
    .prepare(subject)
    .catch(() => {});

async function useEngine(name) {
  engine = engines[name]();
  element('privacy').textContent = engine.privacy;
  for (const input of document.getElementsByName('engine')) input.checked = input.value === name;
  element('model-label').hidden = true;
  latestTurn++;
  showError('');
  const chosen = engine;
  try {
    await engine.start();
  } catch (error) {
    if (chosen !== engine) return;
    showClasses([]);
    return showError(error.message);
  }
  if (chosen !== engine) return;
  const isServer = name === 'server';
  if (isServer) element('model').replaceChildren(...engine.models.map((model) => new Option(model)));
  element('model-label').hidden = !isServer;
  if (isServer && !engine.chosen(subject)) subject = subjects.find((other) => engine.chosen(other));
  await useSubject(subject);
}

async function useSubject(name) {
  subject = name;
  for (const other of subjects) {
    element(other).hidden = other !== name;
    element(`${other}-tab`).setAttribute('aria-selected', other === name);
    element(`${other}-tab`).tabIndex = other === name ? 0 : -1;
  }
  if (engine.chosen?.(name)) element('model').value = engine.chosen(name);
  offerSamples();
  if (engine.networks(name).length === 0) {
    latestTurn++;
    showNothing();
    if (engine.isStarted) showError(`The server has no network for ${name === 'digits' ? 'gray' : 'color'} images.`);
  } else if (name in pictures) await answer();
  else await takeFirstSample();
}

// Samples are offered where the network knows their classes.
const sampleButtons = { digits: new Map(), photos: new Map() };

function offerSamples() {
  const names = engine.classNames(subject);
  element('photos-hint').textContent =
    `${names.length > 0 ? `an image: ${names.slice(0, 10).join(', ')}` : 'an image'}${names.length > 10 ? ' …' : ''}`;
  for (const [className, button] of sampleButtons[subject]) button.hidden = !names.includes(className);
  const hasSamples = [...sampleButtons[subject].values()].some(({ hidden }) => !hidden);
  element(subject).querySelector('.samples').hidden = !hasSamples;
}

/** So that the page shows at once what it is for. */
async function takeFirstSample() {
  const first = { digits: sampleButtons.digits.get('3'), photos: sampleButtons.photos.get('ship') }[subject];
  if (first.hidden) clear();
  else await first.take();
}

function addSample(subject, className, thumbnail, take) {
  const button = Object.assign(document.createElement('button'), { type: 'button', title: className, take });
  button.setAttribute('aria-label', `Sample: ${className}`);
  button.append(thumbnail);
  button.addEventListener('click', take);
  sampleButtons[subject].set(className, button);
  element(subject === 'digits' ? 'digit-samples' : 'photo-samples').append(button);
}

for (const [digit, path] of Object.entries(digitStrokes)) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 280 280');
  svg.append(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  svg.firstChild.setAttribute('d', path);
  addSample('digits', digit, svg, () => {
    pad.strokes = strokesOf(path);
    return usePicture('digits', pictureOfStrokes(pad.strokes));
  });
}
for (const { file, className } of photos) {
  const image = Object.assign(new Image(128, 128), { loading: 'lazy', src: file, alt: '' });
  addSample('photos', className, image, () => openFile(fetchSample(file), 'photos'));
}

async function fetchSample(file) {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`There is no ${file} on this host.`);
  return await response.blob();
}

// Pictures.
async function openFile(file, of = subject) {
  const turn = ++latestTurn;
  try {
    const picture = await pictureOfFile(await file, of === 'digits');
    if (turn !== latestTurn) return URL.revokeObjectURL(picture.url);
    await usePicture(of, picture);
  } catch (error) {
    if (turn === latestTurn) showError(error.message);
  }
}

async function usePicture(of, picture) {
  release(of);
  pictures[of] = picture;
  showPicture(of);
  await answer();
}

function release(of) {
  if (pictures[of]?.url) URL.revokeObjectURL(pictures[of].url);
}

function showPicture(of) {
  const picture = pictures[of];
  const image = element(of === 'digits' ? 'digit-image' : 'photo');
  image.hidden = !picture?.url;
  if (picture?.url) image.src = picture.url;
  else image.removeAttribute('src');
  element(`${of}-invitation`).hidden = picture !== undefined;
  if (of === 'digits') {
    if (picture?.url) pad.strokes = [];
    element('undo').disabled = pad.strokes.length === 0;
    return;
  }
  const seen = element('seen');
  seen.hidden = picture === undefined;
  if (!picture) return;
  [seen.width, seen.height] = [32, 32];
  drawCovering(seen.getContext('2d'), picture.drawable, 32, 32);
}

function clear() {
  latestTurn++;
  release(subject);
  pictures[subject] = undefined;
  if (subject === 'digits') pad.strokes = [];
  showPicture(subject);
  showNothing();
  showError('');
}

function showNothing() {
  showClasses([]);
  announce([]);
  showNetworks(engine.networks(subject), engine.columns, engine.note);
}

async function answer() {
  const turn = ++latestTurn;
  const picture = pictures[subject];
  if (!picture) return clear();
  showNetworks(engine.networks(subject), engine.columns, engine.note);
  let isFirst = true;
  try {
    for await (const each of engine.answers(subject, picture)) {
      if (turn !== latestTurn) return;
      if (isFirst) {
        showError('');
        showClasses(each.classes);
        announce(each.classes);
        markFirst();
      }
      isFirst = false;
      showAnswer(each);
    }
    if (turn === latestTurn) await engine.prepare(subjects.find((other) => other !== subject));
  } catch (error) {
    if (turn !== latestTurn) return;
    if (isFirst) showClasses([]);
    showError(error.message);
  }
}

function markFirst() {
  if (performance.getEntriesByName('first-answer').length === 0) performance.mark('first-answer');
}

// Answers follow the pen where an engine is fast: while one is computed, newer strokes wait.
let isFollowing = false;

async function follow(strokes) {
  if (isFollowing || !engine.isImmediate) return;
  isFollowing = true;
  try {
    const classes = await engine.classes('digits', pictureOfStrokes(strokes));
    if (pad.strokes === strokes && subject === 'digits') showClasses(classes);
  } catch {
    // The stroke's end tells what is wrong.
  } finally {
    isFollowing = false;
  }
}

const pad = new Pad(element('pad'), (strokes, isComplete) => {
  if (pictures.digits?.url) {
    release('digits');
    pictures.digits = undefined;
    showPicture('digits');
  }
  element('digits-invitation').hidden = true;
  if (!isComplete) {
    latestTurn++;
    follow(strokes);
  } else if (strokes.length === 0) clear();
  else usePicture('digits', pictureOfStrokes(strokes));
});

// Buttons, tabs, keys, files.
const actions = { open: () => element('file').click(), clear, undo: () => pad.undo() };
for (const button of document.querySelectorAll('[data-action]')) button.addEventListener('click', actions[button.dataset.action]);
element('file').addEventListener('change', ({ target }) => {
  if (target.files[0]) openFile(target.files[0]);
  target.value = '';
});
for (const kind of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop' && event.dataTransfer.files[0]) openFile(event.dataTransfer.files[0]);
  });
document.addEventListener('paste', ({ clipboardData }) => clipboardData.files[0] && openFile(clipboardData.files[0]));

for (const name of subjects) {
  element(`${name}-tab`).addEventListener('click', () => {
    history.replaceState(null, '', `#${name}`);
    useSubject(name);
  });
  element(`${name}-tab`).addEventListener('keydown', ({ key }) => {
    if (!['ArrowLeft', 'ArrowRight'].includes(key)) return;
    const other = element(`${subjects.find((each) => each !== name)}-tab`);
    other.focus();
    other.click();
  });
}
for (const input of document.getElementsByName('engine')) input.addEventListener('change', () => useEngine(input.value));
element('model').addEventListener('change', ({ target }) => useSubject(engine.choose(target.value)));
element('token').addEventListener('change', async ({ target }) => {
  engines.server().token = target.value;
  element('token-label').hidden = true;
  await useEngine('server');
});

element('engines').hidden = server?.content !== 'browser';
useEngine(server ? 'server' : 'browser');
