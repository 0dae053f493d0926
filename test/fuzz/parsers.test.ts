// A short run of the fuzzer over every parser, and over parsers with planted defects, which it has to find.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { keepFinding } from './loop';
import { run } from './parsers';
import { targets as planted } from './planted';
import { targets } from './targets';

const namesOf = (list: readonly { name: string }[]) => list.map(({ name }) => name);

t.test('no parser answers a changed file with anything but a result or a refusal', async (t) => {
  const names = namesOf(targets);
  t.equal(new Set(names).size, names.length);
  const tallies = await run({ seed: 1, executions: 200 * names.length, names, workers: 2, out: t.testdir() });
  for (const name of names) {
    const { executions, findings } = tallies.get(name)!;
    for (const { reason, input } of findings) t.fail(`${name}: ${reason}\n${Buffer.from(input.subarray(0, 1000)).toString('base64')}`);
    t.equal(executions, 200, name);
  }
});

t.test('planted defects are found', async (t) => {
  const out = t.testdir();
  const options = { seed: 1, module: require.resolve('./planted'), workers: 2, out };
  const limits = { maxMilliseconds: 300, maxGrowthBytes: 100 * 2 ** 20 };
  const [endless, ...names] = namesOf(planted);
  const tallies = await run({ ...options, executions: 500 * names.length, names, limits });
  for (const [name, tally] of await run({ ...options, executions: 500, names: [endless!], hungMilliseconds: 2000 }))
    tallies.set(name, tally);
  const reasonOf = (name: string) => tallies.get(name)?.findings[0]?.reason;
  t.match(reasonOf('an error of another class'), /TypeError/);
  t.match(reasonOf('an error of another code'), /AdderNetError: a defect/);
  t.match(reasonOf('a wrong result'), /it is another when written/);
  t.match(reasonOf('time'), /takes \d+ ms of CPU/);
  t.match(reasonOf('memory'), /takes \d+ MB/);
  t.match(reasonOf('an endless loop'), /the process ended or hung/);
  t.match(reasonOf('an end of the process'), /the process ended or hung/);
  t.equal(reasonOf('no defect'), undefined);
  const [finding] = tallies.get('an end of the process')!.findings;
  const path = keepFinding(out, finding!);
  t.notOk(readFileSync(path).includes('"count":3,'), 'the input that ended the process is kept');
});
