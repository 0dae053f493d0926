// Runs the networks in this browser, in a worker.
import { classNames, networks } from './networks.js';
import { startedWorker, workerFailed } from './worker-start.js';

export class BrowserEngine {
  privacy = 'They run in this browser: no image leaves it.';
  columns = ['Network', 'Answer', 'Time', 'Size'];
  note =
    'The network alone, on one thread of this browser: medians of nine measurements. In floats, a distance takes two instructions and a product one; in bytes, an instruction works on 16 numbers instead of 4.';
  /** Whether it answers while a digit is drawn. */
  isImmediate = true;
  isStarted = true;
  #worker;
  #failure;
  #calls = new Map();
  #cells = new Map();
  #lastId = 0;

  constructor() {
    this.#worker = startedWorker();
    this.#worker.addEventListener('message', ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    this.#worker.addEventListener('error', () => this.#fail());
    if (workerFailed()) this.#fail();
  }

  #fail() {
    this.#failure = new Error('The worker that runs the networks could not be started.');
    for (const { reject } of this.#calls.values()) reject(this.#failure);
    this.#calls.clear();
  }

  async start() {}

  classNames(subject) {
    return classNames[subject];
  }

  /** With what is known already of their times and sizes. */
  networks(subject) {
    return networks[subject].map((network) => ({ ...network, cells: this.#cells.get(network.name) ?? [] }));
  }

  /** So that its first answer is fast. */
  prepare(subject) {
    return this.#call('load', { name: networks[subject][0].name });
  }

  /** The first network's classes alone. */
  async classes(subject, picture) {
    return (await this.#classify(networks[subject][0].name, picture)).classes;
  }

  /** What each network answers, the first one first, and then how long it takes. One that fails to be compared does not keep the others from it. */
  async *answers(subject, picture) {
    let failure;
    for (const [i, { name }] of networks[subject].entries())
      try {
        yield* this.#answersOf(name, picture);
      } catch (error) {
        if (i === 0) throw error;
        failure ??= error;
      }
    if (failure) throw failure;
  }

  async *#answersOf(name, picture) {
    const { classes, size } = await this.#classify(name, picture);
    const kilobytes = `${Math.round(size / 1000)} kB`;
    yield { name, classes, cells: this.#cells.get(name) ?? [undefined, kilobytes] };
    if (this.#cells.has(name)) return;
    const time = await this.#call('measure', { name });
    this.#cells.set(name, [`${time.toFixed(2)} ms`, kilobytes]);
    yield { name, classes, cells: this.#cells.get(name) };
  }

  #classify(name, { source, invert }) {
    return this.#call('classify', { name, source, invert });
  }

  #call(task, options) {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, task, ...options });
    });
  }
}
