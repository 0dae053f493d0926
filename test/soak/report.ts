// What a run of the soak recorded, its verdicts and its table.
import type { Sample } from './good-client';

export interface Phase {
  /** 'quiet', 'mixed', the name of an attack, or 'pause' after one, when the server recovers. */
  readonly name: string;
  /** From 0. */
  readonly cycle: number;
  /** In milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** What the attackers met with, by attack. */
  readonly outcomes: Record<string, Record<string, number>>;
}

export interface Memory {
  readonly at: number;
  /** In MB. */
  readonly rss: number;
}

export interface Recorded {
  readonly phases: readonly Phase[];
  readonly samples: readonly Sample[];
  readonly memory: readonly Memory[];
  /** Whether the server was ready in the end, and what it ended with after SIGTERM. */
  readonly isReady: boolean;
  readonly exit: number | string;
  /** Lines of the server's log, at the level of errors. */
  readonly log: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly answers: number;
  readonly p50: number;
  readonly p99: number;
  /** Of each phase by itself. */
  readonly p99OfPhases: readonly number[];
  readonly max: number;
  readonly errors: Record<string, number>;
  readonly wrong: number;
  /** In MB. */
  readonly peak: number;
  readonly outcomes: Record<string, number>;
}

export interface Verdict {
  readonly what: string;
  readonly holds: boolean;
  /** The figures. */
  readonly because: string;
}

/** How many times its quiet p99 a well-behaved client may wait. */
const maxSlowdown = 3;
/** The 99th percentile of fewer answers is the latency of one or two of them, which proves nothing. */
const minAnswers = 300;
/** Their median is at most so many ms, or so many times the quiet p99 on a busy machine: a server that stalls for seconds is above both. */
const [maxMedian, maxMedianSlowdown] = [2000, 50];
/** In MB, from one half of the cycles to the other; the first cycle is left out, in which the heaps grow to their sizes. */
const maxGrowth = 32;
/** In MB: what deploy/ gives a server. */
const maxResident = 1024;

/** @param ascending sorted; the result is NaN if it is empty */
export const percentile = (ascending: readonly number[], p: number): number => ascending[Math.ceil(ascending.length * p) - 1] ?? Number.NaN;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** One row for all phases of a name. */
export function rows({ phases, samples, memory }: Recorded): Row[] {
  const names = [...new Set(phases.map(({ name }) => name))];
  return names.map((name) => {
    const own = phases.filter((phase) => phase.name === name);
    const asked = own.map(({ from, to }) => samples.filter(({ due }) => due >= from && due < to));
    const rss = own.flatMap(({ from, to }) => memory.filter(({ at }) => at >= from && at < to).map(({ rss }) => rss));
    const all = asked.flat();
    const latencies = sorted(all);
    return {
      name,
      answers: all.length,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      p99OfPhases: asked.map((some) => percentile(sorted(some), 0.99)),
      max: percentile(latencies, 1),
      errors: sums(all.flatMap(({ error, kind }) => (error === undefined ? [] : [[`${kind}: ${error}`, 1]]))),
      wrong: all.filter(({ isWrong }) => isWrong).length,
      peak: Math.max(0, ...rss),
      outcomes: sums(
        own.flatMap(({ outcomes }) =>
          Object.entries(outcomes).flatMap(([attack, counts]) =>
            Object.entries(counts).map(([outcome, count]): [string, number] => [`${attack}: ${outcome}`, count]),
          ),
        ),
      ),
    };
  });
}

const sorted = (samples: readonly Sample[]): number[] => samples.map(({ took }) => took).sort((a, b) => a - b);

function sums(entries: readonly (readonly [string, number])[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const [key, count] of entries) all[key] = (all[key] ?? 0) + count;
  return all;
}

/**
 * The p99 of the client alone in ms: the median of those of the quiet phases. All quiet answers together would let an attack whose effects
 * outlast it excuse itself.
 */
const quietP99 = (all: readonly Row[]): number => {
  const each = all.find(({ name }) => name === 'quiet')?.p99OfPhases ?? [];
  return percentile(
    [...each].sort((a, b) => a - b),
    0.5,
  );
};

export function judge(recorded: Recorded): Verdict[] {
  const { samples, phases, memory, isReady, exit, log } = recorded;
  const wrong = samples.filter(({ isWrong }) => isWrong);
  const failed = samples.filter(({ error }) => error !== undefined);
  const peak = Math.max(0, ...memory.map(({ rss }) => rss));
  const all: Verdict[] = [
    { what: 'no wrong answer', holds: samples.length > 0 && wrong.length === 0, because: `${wrong.length} of ${samples.length}` },
    { what: 'no error for the well-behaved client', holds: failed.length === 0, because: `${failed.length} of ${samples.length}` },
    { what: `memory below ${maxResident} MB`, holds: memory.length > 0 && peak < maxResident, because: `at most ${peak.toFixed(0)} MB` },
    { what: 'the server is ready in the end', holds: isReady, because: isReady ? 'ready' : 'not ready' },
    { what: 'it ends with 0 after SIGTERM', holds: exit === 0, because: `${exit}` },
    { what: 'its log has no errors', holds: log.length === 0, because: `${log.length} lines` },
  ];

  const byName = rows(recorded);
  const quiet = quietP99(byName);
  for (const { name, answers, p50, p99 } of byName) {
    if (['quiet', 'pause'].includes(name)) continue;
    if (answers < minAnswers) {
      const bound = Math.max(maxMedian, maxMedianSlowdown * quiet);
      const because = `${p50.toFixed(0)} ms of at most ${bound.toFixed(0)}`;
      all.push({ what: `${name}: no stall in the median of a few answers`, holds: p50 <= bound, because });
      continue;
    }
    const slowdown = p99 / quiet;
    const because = `p99 ${p99.toFixed(1)} ms, quiet ${quiet.toFixed(1)} ms: ${slowdown.toFixed(1)} times`;
    all.push({ what: `${name}: p99 at most ${maxSlowdown} times the quiet one`, holds: slowdown <= maxSlowdown, because });
  }

  // Whole cycles, because the phases differ in what they need.
  const cycles = [...new Set(phases.map(({ cycle }) => cycle))].slice(1).map((cycle) => {
    const own = phases.filter((phase) => phase.cycle === cycle);
    const rss = memory.filter(({ at }) => at >= own[0]!.from && at < own.at(-1)!.to).map(({ rss }) => rss);
    return mean(rss);
  });
  if (cycles.length >= 2) {
    const half = Math.floor(cycles.length / 2);
    const growth = mean(cycles.slice(-half)) - mean(cycles.slice(0, half));
    const because = `${growth.toFixed(1)} MB from half to half; means of the cycles: ${cycles.map((mb) => mb.toFixed(0)).join(' ')}`;
    all.push({ what: `memory grows by at most ${maxGrowth} MB`, holds: growth <= maxGrowth, because });
  }

  for (const { name, outcomes } of byName) {
    const bad = Object.entries(outcomes).filter(([outcome]) => isFailure(outcome));
    if (bad.length > 0)
      all.push({
        what: `${name}: no attacker sees the server fail`,
        holds: false,
        because: bad.map(([o, n]) => `${n} times ${o}`).join(', '),
      });
  }
  return all;
}

/** What no attacker may cause: an internal error, a server that does not end in time, two servers at one port. */
const isFailure = (outcome: string): boolean =>
  /: 500$|: grpc-status (2|13)$|: a second server has the port$|: the attacker did not stop$/.test(outcome) ||
  /^shutdown-under-attack: (?!ended in time)/.test(outcome);

/** One phase in one line. */
export function phaseLine({ name, from, to, outcomes }: Phase, samples: readonly Sample[], memory: readonly Memory[]): string {
  const own = samples.filter(({ due }) => due >= from && due < to);
  const latencies = sorted(own);
  const failed = own.filter(({ error, isWrong }) => error !== undefined || isWrong).length;
  const peak = Math.max(0, ...memory.filter(({ at }) => at >= from).map(({ rss }) => rss));
  const short = (outcome: string) => outcome.slice(outcome.indexOf(': ') + 1).trim();
  const met = sums(Object.values(outcomes).flatMap((counts) => Object.entries(counts).map(([outcome, n]) => [short(outcome), n] as const)));
  const listed = Object.entries(met)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 8)
    .map(([outcome, count]) => `${outcome} (${count})`);
  const figures = `p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`;
  return `${name}: ${figures}, ${failed} failed, ${peak.toFixed(0)} MB; ${listed.join(', ')}`;
}

export function table(all: readonly Row[]): string {
  const quiet = quietP99(all);
  const heads = ['phase', 'answers', 'p50 ms', 'p99 ms', 'x quiet', 'max ms', 'errors', 'wrong', 'peak MB'];
  const cells = all.map(({ name, answers, p50, p99, max, errors, wrong, peak }) => {
    const failed = Object.values(errors).reduce((a, b) => a + b, 0);
    const figures = [p50, p99, p99 / quiet, max].map((value) => value.toFixed(1));
    return [name, String(answers), ...figures, String(failed), String(wrong), peak.toFixed(0)];
  });
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => row[i]!.length)));
  return [heads, ...cells]
    .map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  '))
    .join('\n');
}
