// The verdicts of the soak: each one fails on a record that differs from a good one in one thing.
import t from 'tap';
import { judge, type Phase, percentile, type Recorded, rows } from './report';

const cycles = 5;
/** In ms, of each phase. */
const duration = 10_000;
const phases: Phase[] = Array.from({ length: cycles }, (_, cycle) =>
  ['quiet', 'slow-headers'].map((name, i) => {
    const from = (2 * cycle + i) * duration;
    return { name, cycle, from, to: from + duration, outcomes: i === 0 ? {} : { [name]: { 408: 3 } } };
  }),
).flat();
const ticks = (count: number) => Array.from({ length: count }, (_, i) => (i * 2 * cycles * duration) / count);
const good: Recorded = {
  phases,
  samples: ticks(5000).map((due, i) => ({ kind: 'pixels', due, took: 1 + (i % 10) })),
  memory: ticks(100).map((at) => ({ at, rss: 150 })),
  isReady: true,
  exit: 0,
  log: [],
};
const failing = (recorded: Recorded) => judge(recorded).flatMap(({ what, holds }) => (holds ? [] : [what]));

t.test('percentiles', async (t) => {
  t.equal(percentile([1, 2, 3, 4], 0.5), 2);
  t.equal(percentile([1, 2, 3, 4], 0.99), 4);
  t.equal(percentile([1], 0.5), 1);
  t.ok(Number.isNaN(percentile([], 0.5)));
});

t.test('a row for each kind of phase', async (t) => {
  t.match(rows(good), [
    { name: 'quiet', answers: 2500, p50: 5, p99: 10, max: 10, wrong: 0, peak: 150, outcomes: {} },
    { name: 'slow-headers', answers: 2500, outcomes: { 'slow-headers: 408': 15 } },
  ]);
});

t.test('verdicts', async (t) => {
  t.same(failing(good), []);
  t.equal(judge(good).length, 8);
  const { samples, memory } = good;
  const changed = (index: number, change: object) => samples.map((sample, i) => (i === index ? { ...sample, ...change } : sample));
  const within = (name: string, at: number) => phases.some((phase) => phase.name === name && at >= phase.from && at < phase.to);
  const records: Record<string, Partial<Recorded>> = {
    'no wrong answer': { samples: changed(7, { isWrong: true }) },
    'no error for the well-behaved client': { samples: changed(7, { error: 'ECONNRESET' }) },
    'memory below 1024 MB': { memory: memory.map((sample, i) => (i === 30 ? { ...sample, rss: 1025 } : sample)) },
    'memory grows by at most 32 MB': { memory: memory.map((sample, i) => ({ ...sample, rss: 150 + i })) },
    'the server is ready in the end': { isReady: false },
    'it ends with 0 after SIGTERM': { exit: 'SIGKILL' },
    'its log has no errors': { log: ['{"level":50}'] },
    'slow-headers: p99 at most 3 times the quiet one': {
      samples: samples.map((sample, i) => (within('slow-headers', sample.due) && i % 50 < 2 ? { ...sample, took: 31 } : sample)),
    },
    'slow-headers: no attacker sees the server fail': {
      phases: phases.map((phase) => ({ ...phase, outcomes: phase.name === 'quiet' ? {} : { 'slow-headers': { 'a kind: 500': 1 } } })),
    },
  };
  const few = { ...good, samples: samples.filter((_, i) => i % 10 === 0) };
  t.same(failing(few), []);
  const stalled = few.samples.map((sample) => (within('slow-headers', sample.due) ? { ...sample, took: 2001 } : sample));
  t.same(failing({ ...few, samples: stalled }), ['slow-headers: no stall in the median of a few answers']);
  t.same(failing({ ...few, samples: few.samples.filter(({ due }) => within('quiet', due)) }), [
    'slow-headers: no stall in the median of a few answers',
  ]);
  for (const [what, change] of Object.entries(records)) t.same(failing({ ...good, ...change }), [what], what);
});
