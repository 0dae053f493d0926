// Runs the networks on the server that this page comes from, which lists them: the Open Inference Protocol v2.
import { scaled } from './picture.js';

const family = (name) => name.replace(/-8bit$/, '');
const subjectOf = ({ inputs: [{ shape }] }) => (shape[3] === 1 ? 'digits' : 'photos');

export class ServerEngine {
  privacy = 'They run on the server of this page, and images are sent to it alone.';
  columns = ['Network', 'Answer', 'Network only', 'With HTTP'];
  note = 'Time for this image on the server: the best of five.';
  isImmediate = false;
  #models = new Map();
  #chosen = {};
  #token = sessionStorage.getItem('token') ?? '';
  #onUnauthorized;

  /** @param onUnauthorized is called if the server needs a token, or another one */
  constructor(onUnauthorized) {
    this.#onUnauthorized = onUnauthorized;
  }

  set token(token) {
    this.#token = token;
    sessionStorage.setItem('token', token);
  }

  get models() {
    return [...this.#models.keys()];
  }

  get isStarted() {
    return this.#models.size > 0;
  }

  /** Asks for the names of the networks. */
  async start() {
    if (this.isStarted) return;
    const index = await (await this.#fetch('v2/repository/index', { method: 'POST' })).json();
    const names = new Set(index.filter(({ state }) => state === 'READY').map(({ name }) => name));
    if (names.size === 0) throw new Error('None of the server’s networks is ready.');
    const models = [];
    for (const name of names) models.push([name, await (await this.#fetch(`v2/models/${encodeURIComponent(name)}`)).json()]);
    this.#models = new Map(models);
    for (const name of this.models.reverse()) this.choose(name);
  }

  /** @returns the subject of its images */
  choose(name) {
    const subject = subjectOf(this.#models.get(name));
    this.#chosen[subject] = name;
    return subject;
  }

  /** The name of the chosen network for a subject; undefined if there is none. */
  chosen(subject) {
    return this.#chosen[subject];
  }

  classNames(subject) {
    return this.#models.get(this.#chosen[subject])?.parameters.class_names ?? [];
  }

  /** The chosen network, and those that differ from it in their numbers only. */
  networks(subject) {
    const chosen = this.#chosen[subject];
    if (chosen === undefined) return [];
    const variants = this.models.filter((name) => family(name) === family(chosen));
    return variants.map((name) => {
      const { bits } = this.#models.get(name).parameters;
      return { name, label: bits === 32 ? 'Float' : `${bits} bits` };
    });
  }

  async prepare() {}

  /** What each network answers, the chosen one first. */
  async *answers(subject, picture) {
    const chosen = this.#chosen[subject];
    if (chosen === undefined) return;
    const others = this.networks(subject).map(({ name }) => name);
    for (const name of new Set([chosen, ...others])) {
      const { classes, run, trip } = await bestOf(5, () => this.#classify(name, picture));
      yield { name, classes, cells: [`${run.toFixed(2)} ms`, `${trip.toFixed(1)} ms`] };
    }
  }

  async #classify(name, { drawable, invert }) {
    const [, height, width, channels] = this.#models.get(name).inputs[0].shape;
    const body = pixelsOf(scaled(drawable, width, height), channels, invert);
    const began = performance.now();
    const path = `v2/models/${encodeURIComponent(name)}/classify?width=${width}&height=${height}&top=5`;
    const response = await this.#fetch(path, { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
    const { classes } = await response.json();
    const run = /run;dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '');
    return { classes, run: Number(run?.[1]), trip: performance.now() - began };
  }

  async #fetch(path, options = {}) {
    const headers = { ...options.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) };
    const response = await fetch(path, { ...options, headers }).catch(() => {
      throw new Error('The server does not answer.');
    });
    if (response.ok) return response;
    if (response.status === 401) {
      this.#onUnauthorized();
      throw new Error(this.#token ? 'The server does not accept this token.' : 'The server needs a token.');
    }
    const { error } = await response.json().catch(() => ({ error: `the server answered with status ${response.status}` }));
    throw new Error(error);
  }
}

/** The best of several, because the first responses of an idle server are slower. */
async function bestOf(count, classifyOnce) {
  const answers = [];
  for (let i = 0; i < count; i++) answers.push(await classifyOnce());
  const min = (time) => Math.min(...answers.map((answer) => answer[time]));
  return { ...answers[0], run: min('run'), trip: min('trip') };
}

/** Red, green and blue, or gray, of a digit light on dark, as MNIST has them. */
function pixelsOf({ data, width, height }, channels, invert) {
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [red, green, blue] = data.subarray(4 * i, 4 * i + 3);
    if (channels === 3) pixels.set([red, green, blue], 3 * i);
    else pixels[i] = 0.299 * red + 0.587 * green + 0.114 * blue;
  }
  return invert ? pixels.map((level) => 255 - level) : pixels;
}
