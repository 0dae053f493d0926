// The page scales an image to the input size of the selected network and sends its pixels to that network and to its variants, which differ
// only in their number format: floats, 16 or 8 bits.
const element = (id) => document.getElementById(id);
const [canvas, select, file, error] = ['canvas', 'model', 'file', 'error'].map(element);
const context = canvas.getContext('2d', { willReadFrequently: true });
const models = new Map();
let token = sessionStorage.getItem('token') ?? '';
let content = 'nothing'; // 'drawing' or 'image'
let latestRequest = 0; // responses to older requests are dropped

async function call(path, options = {}) {
  const headers = { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(path, { ...options, headers });
  element('token-label').hidden &&= response.status !== 401;
  if (response.ok) return response;
  const { error: reason } = await response.json().catch(() => ({ error: `the server answered with status ${response.status}` }));
  throw new Error(reason);
}

async function listModels() {
  const index = await (await call('v2/repository/index', { method: 'POST' })).json();
  const ready = index.filter(({ state }) => state === 'READY').map(({ name }) => name);
  for (const name of new Set(ready)) models.set(name, await (await call(`v2/models/${encodeURIComponent(name)}`)).json());
  select.replaceChildren(...[...models.keys()].map((name) => new Option(name)));
  chooseModel();
}

const inputOf = (name) => {
  const [, height, width, channels] = models.get(name).inputs[0].shape;
  return { height, width, channels };
};
const isGray = () => inputOf(select.value).channels === 1;
const family = (name) => name.replace(/-8bit$/, '');

function chooseModel() {
  element('hint').textContent = isGray()
    ? 'Draw a digit, or drop, paste or open an image of one.'
    : `Drop, paste or open an image of ${new Intl.ListFormat('en', { type: 'disjunction' }).format(models.get(select.value).parameters.class_names?.slice(0, 10) ?? ['something'])}.`;
  clear();
}

function clear() {
  latestRequest++;
  content = 'nothing';
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  element('classes').replaceChildren();
  element('times').hidden = true;
  error.textContent = '';
}

/** The pixels at the network's input size, [h,w,c]. */
function pixelsFor(name) {
  const { width, height, channels } = inputOf(name);
  const small = new OffscreenCanvas(width, height).getContext('2d');
  small.imageSmoothingQuality = 'high';
  const [left, top, size] = content === 'drawing' ? digitBox(width) : [0, 0, width];
  const [x, y, side] = content === 'drawing' ? drawingBounds() : [0, 0, canvas.width];
  small.fillStyle = '#000';
  small.fillRect(0, 0, width, height);
  small.drawImage(canvas, x, y, side, side, left, top, size, size);
  const { data } = small.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 3) pixels.set([red, green, blue], 3 * i);
    else pixels[i] = 0.299 * red + 0.587 * green + 0.114 * blue;
  }
  // MNIST digits are light on dark; ink on paper has to be inverted.
  if (channels === 1 && content === 'image' && hasLightBorder(pixels, width, height))
    for (const i of pixels.keys()) pixels[i] = 255 - pixels[i];
  return pixels;
}

/** The box of a digit. In MNIST, digits fill the middle 20 of 28 pixels. */
const digitBox = (width) => [(width * 4) / 28, (width * 4) / 28, (width * 20) / 28];

/** The square around the drawing. */
function drawingBounds() {
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (data[4 * (y * width + x)] > 40)
        [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  const side = Math.max(right - left, bottom - top) + 1;
  return [(left + right + 1 - side) / 2, (top + bottom + 1 - side) / 2, side];
}

function hasLightBorder(pixels, width, height) {
  const border = [...pixels.keys()].filter((i) => i < width || i >= width * (height - 1) || i % width === 0 || i % width === width - 1);
  return border.reduce((sum, i) => sum + pixels[i], 0) / border.length > 127;
}

async function classifyAll() {
  const request = ++latestRequest;
  const name = select.value;
  const variants = [...models.keys()].filter((other) => family(other) === family(name));
  try {
    const answers = [];
    for (const variant of variants) answers.push(await bestOf(5, () => classify(variant)));
    if (request !== latestRequest) return;
    error.textContent = '';
    showClasses(answers[variants.indexOf(name)].classes);
    showTimes(answers);
  } catch (reason) {
    if (request === latestRequest) error.textContent = reason.message;
  }
}

/** The best of several, because the first responses of an idle server are slower. */
async function bestOf(count, classifyOnce) {
  const answers = [];
  for (let i = 0; i < count; i++) answers.push(await classifyOnce());
  const min = (time) => Math.min(...answers.map((answer) => answer[time]));
  return { ...answers[0], run: min('run'), trip: min('trip') };
}

async function classify(name) {
  const { width, height } = inputOf(name);
  const body = pixelsFor(name);
  const began = performance.now();
  const path = `v2/models/${encodeURIComponent(name)}/classify?width=${width}&height=${height}&top=5`;
  const response = await call(path, { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
  const { classes } = await response.json();
  const run = /run;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '');
  return { name, classes, run: Number(run?.[1]), trip: performance.now() - began };
}

function showClasses(classes) {
  const items = classes.map(({ name, probability }) => {
    const item = document.createElement('li');
    const bar = Object.assign(document.createElement('progress'), { value: probability, max: 1, ariaHidden: 'true' });
    const [label, percentage] = [name, `${(100 * probability).toFixed(1)} %`].map((text) =>
      Object.assign(document.createElement('span'), { textContent: text }),
    );
    item.append(bar, label, percentage);
    return item;
  });
  element('classes').replaceChildren(...items);
}

function showTimes(answers) {
  const rows = answers.map(({ name, classes, run, trip }) => {
    const row = document.createElement('tr');
    const { bits } = models.get(name).parameters;
    const texts = [bits === 32 ? 'float' : `${bits} bits`, classes[0].name, `${run.toFixed(2)} ms`, `${trip.toFixed(1)} ms`];
    row.append(...texts.map((text) => Object.assign(document.createElement('td'), { textContent: text })));
    return row;
  });
  element('times').tBodies[0].replaceChildren(...rows);
  element('times').hidden = false;
}

// Drawing works with a pointer, or with the arrow keys and space.
const pen = { x: 140, y: 140, isDown: false };

function penTo(x, y) {
  if (content === 'image') clear();
  if (pen.isDown) {
    Object.assign(context, { strokeStyle: '#fff', lineWidth: 20, lineCap: 'round', lineJoin: 'round' });
    context.beginPath();
    context.moveTo(pen.x, pen.y);
    context.lineTo(x, y);
    context.stroke();
    content = 'drawing';
  }
  Object.assign(pen, { x, y });
}

const positionOf = ({ clientX, clientY }) => {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  return [((clientX - left) * canvas.width) / width, ((clientY - top) * canvas.height) / height];
};
canvas.addEventListener('pointerdown', (event) => {
  if (!models.size || !isGray()) return;
  canvas.setPointerCapture(event.pointerId);
  [pen.x, pen.y] = positionOf(event);
  pen.isDown = true;
  penTo(pen.x, pen.y);
});
canvas.addEventListener('pointermove', (event) => pen.isDown && canvas.hasPointerCapture(event.pointerId) && penTo(...positionOf(event)));
canvas.addEventListener('pointerup', (event) => {
  if (!canvas.hasPointerCapture(event.pointerId)) return;
  pen.isDown = false;
  classifyAll();
});
canvas.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[event.key];
  if (!models.size || !isGray() || (!step && event.key !== ' ')) return;
  event.preventDefault();
  if (step) return penTo(Math.min(270, Math.max(10, pen.x + step[0])), Math.min(270, Math.max(10, pen.y + step[1])));
  pen.isDown = !pen.isDown;
  if (pen.isDown) penTo(pen.x, pen.y);
  else classifyAll();
});

// Images are dropped, pasted or opened. As on the server, the middle of an image is used.
async function showImage(blob) {
  if (!blob || !models.size) return;
  try {
    const image = await createImageBitmap(blob);
    clear();
    const side = Math.min(image.width, image.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, (image.width - side) / 2, (image.height - side) / 2, side, side, 0, 0, canvas.width, canvas.height);
    content = 'image';
    await classifyAll();
  } catch {
    error.textContent = 'The browser cannot read this file as an image.';
  }
}
for (const kind of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    canvas.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') showImage(event.dataTransfer.files[0]);
  });
document.addEventListener('paste', (event) => showImage([...event.clipboardData.files][0]));
file.addEventListener('change', () => showImage(file.files[0]).then(() => (file.value = '')));
element('open').addEventListener('click', () => file.click());
element('clear').addEventListener('click', clear);
select.addEventListener('change', chooseModel);
element('token').addEventListener('change', ({ target }) => {
  token = target.value;
  sessionStorage.setItem('token', token);
  start();
});

const start = () =>
  listModels().then(
    () => (error.textContent = ''),
    (reason) => (error.textContent = reason.message),
  );
clear();
start();
