// The soak of the server: the real command serves a well-behaved client, alone and while attackers do their worst from the same address.
//   node dist-test/soak/serve.js [--minutes 30] [--attacks slow-headers,svg-bombs] [--together] [--seconds 12] [--out soak.json]
// A run consists of cycles: each attack for some seconds, then all of them together. Before each of them the client is alone, because a machine
// changes in half an hour, and only neighbors in time can be compared. The file is written after each cycle.
//
// The machine may have two cores. What is measured must be the server and not that attackers take the CPU from it, so each attack has a
// process with a nice value of 19, which gets a sixtieth of a core beside the server and the client with 0, and a fixed rate, which its file
// states. What the attacks cost the server itself does count.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuInfo } from '../../dist';
import type { Target } from './attack';
import { rate, type Sample } from './good-client';
import { networks } from './networks';
import { judge, type Memory, type Phase, phaseLine, type Recorded, rows, table } from './report';
import { isReady, residentMemory, type ServerProcess, startServer } from './server-process';

const known = readdirSync(join(__dirname, 'attacks'))
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3));
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seconds: { type: 'string' },
    attacks: { type: 'string' },
    together: { type: 'boolean' },
    out: { type: 'string' },
  },
});
const attacks = values.attacks?.split(',') ?? known;
for (const name of attacks) if (!known.includes(name)) throw new Error(`there is no attack '${name}', expected ${known.join(', ')}`);

/** Of an attack's time: how long the client is alone before it, and how long all attacks last together at the end of a cycle. */
const [quietPart, mixedPart] = [1 / 3, 3];
/** Of its rate, what each attack has beside the others: without that, their sum would be a flood of half a gigabyte per second. */
const togetherFactor = 1 / 4;
/** In seconds: what the server still does for attackers that have gone is no measure of quiet. */
const pause = 1;
const alone = values.together ? [] : attacks;
const hasMixed = values.together || attacks.length > 1;
const parts = [...alone.map(() => 1), ...(hasMixed ? [mixedPart] : [])];
const cycleOf = (seconds: number) => parts.reduce((sum, part) => sum + (part + quietPart) * seconds + pause, quietPart * seconds);
const total = 60 * Number(values.minutes);
/** Of an attack: longer than the 10 s that the server gives a request. A shorter run has one cycle of shorter attacks. */
let seconds = Number(values.seconds ?? 12);
const cycles = Math.max(1, Math.round(total / cycleOf(seconds)));
if (values.seconds === undefined) seconds *= (total / cycles - cycleOf(0)) / (cycleOf(seconds) - cycleOf(0));
seconds = Math.max(seconds, 0.5);

const now = () => performance.timeOrigin + performance.now();

/** The next message of a process. @throws if it ends instead */
async function message(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`);
  });
  const [content] = await Promise.race([once(child, 'message'), ended]);
  return content;
}

const withMessages = (command: string, ...args: string[]): ChildProcess =>
  spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });

/** Ends a process that ends when it is disconnected, or by force. */
async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}

interface Attacker {
  readonly name: string;
  start(): void;
  /** Resolves to its tally when its process has ended. */
  stop(): Promise<Record<string, number>>;
}

async function prepareAttack(name: string, target: Target, rateFactor: number): Promise<Attacker> {
  const child = withMessages('nice', '-n', '19', process.execPath, join(__dirname, 'attacker.js'), name, String(rateFactor));
  child.send(target);
  await message(child);
  return {
    name,
    start: () => void child.send('start'),
    stop: async () => {
      child.send('stop');
      // It may have to wait for a server of its own.
      const tally = await Promise.race([message(child), sleep(60_000, undefined, { ref: false })]);
      await end(child);
      return (tally as Record<string, number>) ?? { 'the attacker did not stop': 1 };
    },
  };
}

class Soak {
  readonly #server: ServerProcess;
  readonly #phases: Phase[] = [];
  readonly #samples: Sample[] = [];
  readonly #memory: Memory[] = [];

  constructor(server: ServerProcess) {
    this.#server = server;
  }

  /** Runs all cycles beside the well-behaved client. */
  async run(afterCycle: () => void): Promise<void> {
    const client = withMessages(process.execPath, join(__dirname, 'good-client.js'));
    client.send(this.#server.target);
    await message(client);
    const ended = new Promise<void>((resolve) =>
      client.on('message', (some: Sample[] | 'ended') => {
        if (some === 'ended') resolve();
        else this.#samples.push(...some);
      }),
    );
    const watch = setInterval(() => {
      const rss = residentMemory(this.#server.process);
      if (rss !== undefined) this.#memory.push({ at: now(), rss });
    }, 1000);

    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const attack of alone) await this.#attack(attack, cycle, [attack], seconds);
      if (hasMixed) await this.#attack('mixed', cycle, attacks, mixedPart * seconds);
      await this.#wait('quiet', cycle, quietPart * seconds);
      afterCycle();
    }
    client.send('end');
    await ended;
    await end(client);
    clearInterval(watch);
  }

  recorded(end: Pick<Recorded, 'isReady' | 'exit' | 'log'>): Recorded {
    return { phases: this.#phases, samples: this.#samples, memory: this.#memory, ...end };
  }

  async #wait(name: string, cycle: number, duration: number, from = now()): Promise<void> {
    await sleep(1000 * duration);
    this.#phases.push({ name, cycle, from, to: now(), outcomes: {} });
  }

  async #attack(name: string, cycle: number, together: readonly string[], duration: number): Promise<void> {
    const attackers = await Promise.all(
      together.map((attack) => prepareAttack(attack, this.#server.target, together.length > 1 ? togetherFactor : 1)),
    );
    await this.#wait('quiet', cycle, quietPart * seconds);
    const from = now();
    for (const { start } of attackers) start();
    await sleep(1000 * duration);
    const to = now(); // some attackers stop later than others
    const tallies = await Promise.all(attackers.map(async ({ name, stop }) => [name, await stop()] as const));
    const phase: Phase = { name, cycle, from, to, outcomes: Object.fromEntries(tallies) };
    this.#phases.push(phase);
    await this.#wait('pause', cycle, pause, to);
    const { target, process: server } = this.#server;
    if (server.exitCode !== null || server.signalCode !== null)
      throw new Error(`${name}: the server at port ${target.port} ended with ${server.exitCode ?? server.signalCode}`);
    console.log(`${cycle + 1}/${cycles} ${phaseLine(phase, this.#samples, this.#memory)}`);
  }
}

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'addernet-soak-'));
  const logFile = join(folder, 'server.log');
  const file = values.out ?? join(folder, 'soak.json');
  const server = await startServer({ weights: networks.map(({ name }) => name), log: openSync(logFile, 'w') });
  const { isa, threads } = cpuInfo();
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, isa, threads, node: process.version };
  const soak = new Soak(server);
  const write = (end: Pick<Recorded, 'isReady' | 'exit'>) => {
    const log = readFileSync(logFile, 'utf8').split('\n').filter(Boolean);
    const recorded = soak.recorded({ ...end, log });
    const [all, verdicts] = [rows(recorded), judge(recorded)];
    const { phases, memory } = recorded;
    const content = { machine, rate, cycles, seconds, verdicts, rows: all, phases, memory, log: log.slice(0, 100) };
    writeFileSync(file, JSON.stringify(content, null, 1));
    return { rows: all, verdicts };
  };

  console.log(
    `${cycles} cycles of ${cycleOf(seconds).toFixed(0)} s: ${attacks.length} attacks of ${seconds.toFixed(1)} s; ${rate} requests per second`,
  );
  await soak.run(() => write({ isReady: true, exit: 0 }));
  const ready = await isReady(server.target);
  server.process.kill('SIGTERM');
  const exit = await Promise.race([server.ended, sleep(30_000, 'no end within 30 s', { ref: false })]);

  const { rows: all, verdicts } = write({ isReady: ready, exit });
  console.log(`\n${table(all)}\n`);
  for (const { name, errors } of all)
    for (const [error, count] of Object.entries(errors).slice(0, 5)) console.log(`${name}: ${count} times ${error}`);
  for (const { what, holds, because } of verdicts) console.log(`${holds ? 'ok' : 'not ok'} - ${what} (${because})`);
  console.log(`\n${file}`);
  return verdicts.every(({ holds }) => holds);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1)); // and with it the others
main().then(
  (holds) => process.exit(holds ? 0 : 1),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
