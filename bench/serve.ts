// The server against its own session: what HTTP adds to one image, and how much of a batch's throughput remains when each image comes from
// another client. Server and clients share the machine; every response is compared with the session's.
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type autocannon from 'autocannon';
import { AdderNetError, compile, cpuInfo, type InferenceSession, load, setThreads, Tensor } from '../dist';
import type { ServeReport, ServeResult } from '../dist/cli/bench-results';
import { packageError } from '../dist/optional-package';
import { Random } from '../dist/random';
import { median } from './measure';

export interface ServeBenchOptions {
  /** Times that session and server get their turns. Default 15. */
  rounds?: number | undefined;
  /** Threads of the network. Default 1, which leaves a core to HTTP. */
  threads?: number | undefined;
  /** Clients. Default 32. */
  concurrency?: number | undefined;
  onResults?: ((results: ServeResult[]) => void) | undefined;
}

const network = 'resnet20-cifar10';
const path = `/v2/models/${network}/infer`;

/** @throws {AdderNetError} ERR_PEER_MISSING if autocannon is not installed; ERR_ARGUMENT */
export async function measureServe(options: ServeBenchOptions = {}): Promise<ServeReport> {
  const { threads = 1, concurrency = 32, rounds = 15 } = options;
  setThreads(threads);
  const { model: cpu, isa } = cpuInfo();
  const session = await compile(await load(network));
  const questions = await makeQuestions(session);
  const server = await startServer(threads);
  try {
    const [one, all] = [1, concurrency].map((clients) => new Clients(server.port, questions, clients)) as [Clients, Clients];
    await all.ask(300 * rounds); // until the server's code is compiled
    const [first] = questions as [Question];
    const batch = Tensor.zeros([concurrency, ...session.inputShape]);
    new Random(2).fillNormal(batch.data);
    const samples = { runs: [] as number[], asked: [] as number[], batches: [] as number[], floods: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      samples.runs.push(...(await times(() => session.run(first.x), 300)));
      samples.asked.push(...(await one.ask(300)));
      samples.batches.push(...(await times(() => session.run(batch), 20)));
      samples.floods.push(mean(await all.ask(concurrency * 20)));
    }
    const result = (implementation: string, count: number, seconds: number): ServeResult => ({
      ...{ network, isa, implementation, concurrency: count, seconds },
      imagesPerSecond: count / seconds,
    });
    const { runs, asked, batches, floods } = samples;
    const [run, trip, alone, together] = [median(runs), median(asked), median(batches), median(floods) * concurrency];
    const results = [
      result('session', 1, run),
      result('HTTP', 1, trip),
      result('session', concurrency, alone),
      result('HTTP', concurrency, together),
    ];
    options.onResults?.(results);
    const [answers, errors] = [one.answers + all.answers, one.errors + all.errors];
    return { cpu, threads, ...overheadOf(results), answers, errors, results };
  } finally {
    server.process.kill();
    session.dispose();
  }
}

/** What HTTP costs, from what one and what many at a time took. */
export function overheadOf(results: readonly Pick<ServeResult, 'implementation' | 'concurrency' | 'seconds' | 'imagesPerSecond'>[]) {
  const [session, http] = ['session', 'HTTP'].map((name) =>
    results.filter(({ implementation }) => implementation === name).sort((a, b) => a.concurrency - b.concurrency),
  );
  const [run, batch] = session!;
  const [request, requests] = http!;
  return {
    addedMilliseconds: 1000 * (request!.seconds - run!.seconds),
    throughputShare: requests!.imagesPerSecond / batch!.imagesPerSecond,
  };
}

/** Seconds of each call, one after the other. */
async function times(call: () => Promise<unknown>, count: number): Promise<number[]> {
  const seconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await call();
    seconds.push((performance.now() - began) / 1000);
  }
  return seconds;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** An image, the request about it in the binary extension, and what the session answers. */
interface Question {
  readonly x: Tensor;
  readonly body: Buffer;
  readonly headers: Record<string, string>;
  readonly answer: string;
}

async function makeQuestions(session: InferenceSession): Promise<Question[]> {
  const random = new Random(1);
  return Array.from({ length: 8 }, () => {
    const x = Tensor.zeros([1, ...session.inputShape]);
    random.fillNormal(x.data);
    const data = Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength);
    const input = { name: 'input', shape: x.shape, datatype: 'FP32', parameters: { binary_data_size: data.length } };
    const json = Buffer.from(JSON.stringify({ inputs: [input] }));
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) };
    return { x, body: Buffer.concat([json, data]), headers, answer: JSON.stringify([...session.runSync(x).data]) };
  });
}

const isRight = (body: string, { answer }: Question): boolean => JSON.stringify(JSON.parse(body).outputs[0].data) === answer;

async function startServer(threads: number): Promise<{ port: number; process: ChildProcess }> {
  const port = await freePort();
  const program = join(__dirname, '../dist/cli/main.js');
  const args = ['serve', '--weights', network, '--threads', String(threads), '--port', String(port), '--log-level', 'warn'];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  for (let attempt = 0; attempt < 200; attempt++) {
    const ready = await fetch(`http://127.0.0.1:${port}/v2/health/ready`).catch(() => undefined);
    if (ready?.ok) return { port, process: child };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill();
  throw new AdderNetError('ERR_ARGUMENT', 'bench: the server does not become ready');
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });

/** Clients that ask one question after the other, at the same time. */
class Clients {
  answers = 0;
  errors = 0;
  readonly #url: string;
  readonly #questions: readonly Question[];
  readonly #connections: number;
  readonly #autocannon: typeof autocannon;

  constructor(port: number, questions: readonly Question[], connections: number) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#questions = questions;
    this.#connections = connections;
    this.#autocannon = loadAutocannon();
  }

  /** Seconds from each answer to the next: with one client, what it waited. */
  async ask(amount: number): Promise<number[]> {
    const seconds: number[] = [];
    let last = performance.now();
    const requests = this.#questions.map((question) => ({
      ...{ method: 'POST' as const, path, body: question.body, headers: question.headers },
      onResponse: (status: number, body: string) => {
        const now = performance.now();
        seconds.push((now - last) / 1000);
        last = now;
        this.answers++;
        if (status !== 200 || !isRight(body, question)) this.errors++;
      },
    }));
    const { errors, timeouts } = await this.#autocannon({ url: this.#url, connections: this.#connections, amount, requests });
    this.errors += errors + timeouts + Math.max(0, amount - seconds.length);
    return seconds;
  }
}

function loadAutocannon(): typeof autocannon {
  try {
    return require('autocannon');
  } catch (cause) {
    throw packageError('autocannon', 'bench serve', cause);
  }
}
