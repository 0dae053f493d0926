// Profiles of sessions: every node is there, computes what a run does, and takes its part of a run's time.
import t, { type Test } from 'tap';
import { compile, type InferenceSession, models, type NodeProfile, quantize, type Tensor } from '../../dist';
import { kindsOf } from '../support/network-kinds';
import { calibrate, randomize } from '../support/random-network';
import { normal, sameBits } from '../support/tensors';

function trained(name: string, kind: models.NetworkKind = 'adder') {
  const model = randomize(models.createModel(name, { kind, seed: 1 }), 2);
  return calibrate(model, normal([2, ...model.inputShape], 3));
}
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const pairsOf = (nodes: readonly NodeProfile[]) => sum(nodes.map(({ pairs }) => pairs));

/** Profiles x and checks what holds for every network. */
async function checkedProfile(t: Test, session: InferenceSession, x: Tensor): Promise<readonly NodeProfile[]> {
  const { nodes, nodeSeconds, seconds, output } = await session.profile(x, { rounds: 3 });
  t.ok(sameBits(output, session.runSync(x)), 'profiled runs compute what runs do');
  t.ok(seconds > 0 && nodes.every((node) => node.seconds > 0));
  t.equal(nodeSeconds, sum(nodes.map((node) => node.seconds)));
  for (const [i, { name, op, pairs, rate, seconds }] of nodes.entries()) {
    t.match(name, new RegExp(`^node ${i} \\(${op}`));
    t.equal(rate, pairs / seconds / 1e9);
  }
  t.equal(nodes.at(-1)!.shape.at(-1), session.outputShape.at(-1));
  return nodes;
}

t.test('networks of each kind', async (t) => {
  for (const kind of kindsOf('lenet5bn')) {
    using session = await compile(trained('lenet5bn', kind));
    const nodes = await checkedProfile(t, session, normal([3, 28, 28, 1], 1));
    t.same(
      nodes.filter(({ op }) => op !== 'normalize').map((node) => [node.op, node.kind, node.shape, node.dtype, node.pairs]),
      [
        ['conv2d', kind, [28, 28, 6], 'f32', 3 * 28 * 28 * 6 * 25],
        ['pool', undefined, [14, 14, 6], 'f32', 0],
        ['conv2d', kind, [10, 10, 16], 'f32', 3 * 10 * 10 * 16 * 25 * 6],
        ['pool', undefined, [5, 5, 16], 'f32', 0],
        ['conv2d', kind, [1, 1, 120], 'f32', 3 * 120 * 25 * 16],
        ['conv2d', kind, [1, 1, 84], 'f32', 3 * 84 * 120],
        ['conv2d', kind, [1, 1, 10], 'f32', 3 * 10 * 84],
      ],
    );
    t.equal(nodes[0]!.name, `node 0 (conv2d of conv1.${kind === 'adder' ? 'adder' : 'weight'})`);
  }
});

t.test('a Winograd network', async (t) => {
  using session = await compile(trained('resnet20', 'adder-winograd'));
  const nodes = await checkedProfile(t, session, normal([2, 32, 32, 3], 1));
  const convolutions = nodes.filter(({ op }) => op === 'conv2d');
  t.same(
    convolutions.slice(0, 2).map(({ kind, pairs }) => [kind, pairs]),
    [
      ['conv', 2 * 32 * 32 * 16 * 27],
      ['adder-winograd', 2 * 16 * 16 * 16 * 16 * 16],
    ],
    'four pairs for each output and channel',
  );
  t.match(convolutions[1]!.name, 'conv2d of layer1.0.conv1.filters');
  t.same(
    Object.fromEntries(['conv', 'adder', 'adder-winograd'].map((kind) => [kind, nodes.filter((node) => node.kind === kind).length])),
    { conv: 2, adder: 4, 'adder-winograd': 16 },
    'strides of 2 and shortcuts are adders',
  );
});

t.test('a quantized network', async (t) => {
  const model = trained('resnet20');
  using session = await compile(await quantize(model, normal([4, ...model.inputShape], 3)));
  const nodes = await checkedProfile(t, session, normal([2, ...model.inputShape], 1));
  t.match(nodes[2], { op: 'quantizedConv2d', kind: 'adder', shape: [32, 32, 16], dtype: 'u8', pairs: 2 * 32 * 32 * 16 * 9 * 16 });
  using floats = await compile(model);
  const ofFloats = await checkedProfile(t, floats, normal([2, ...model.inputShape], 1));
  t.equal(pairsOf(nodes), pairsOf(ofFloats), 'pairs are those of the float network');
});

t.test('the nodes take the time of the whole', async (t) => {
  const model = trained('resnet20');
  const x = normal([1, ...model.inputShape], 1); // shorter than a scheduler's slice: most runs are undisturbed
  for (const threads of [1, 2]) {
    using session = await compile(model, { threads });
    const { nodeSeconds, seconds } = await session.profile(x, { rounds: 200 });
    const ratio = nodeSeconds / seconds;
    if (threads === 1) t.ok(ratio > 0.8 && ratio < 1.25, `${ratio} of a run on one thread`);
    else t.ok(ratio > 0.5, `${ratio} of a run on two threads, which share every node`);
  }
});

t.test('profiles and runs take turns', async (t) => {
  const model = trained('lenet5bn');
  const session = await compile(model);
  const x = normal([4, ...model.inputShape], 1);
  const expected = session.runSync(x);
  const ended: string[] = [];
  const note = <T>(name: string, work: Promise<T>) => work.finally(() => ended.push(name));
  const [profile, run, second] = await Promise.all([
    note('profile', session.profile(x, { rounds: 5 })),
    note('run', session.run(x)),
    note('second', session.profile(x, { rounds: 1 })),
  ]);
  t.same(ended, ['profile', 'run', 'second']);
  for (const y of [profile.output, run, second.output]) t.ok(sameBits(y, expected));

  const reason = new Error('not awaited');
  const controller = new AbortController();
  const first = session.profile(x, { signal: controller.signal });
  const waiting = session.profile(x, { signal: controller.signal });
  controller.abort(reason);
  await t.rejects(first, reason, 'under way');
  await t.rejects(waiting, reason, 'in the queue');
  await t.rejects(session.profile(x, { signal: controller.signal }), reason, 'before it begins');

  const outlives = session.profile(x, { rounds: 2 });
  session.dispose();
  t.ok(sameBits((await outlives).output, expected), 'a profile that was asked for before a dispose ends');
  await t.rejects(session.profile(x), { code: 'ERR_DISPOSED' });
});

t.test('what profile refuses', async (t) => {
  const model = trained('lenet5bn');
  using session = await compile(await quantize(model, normal([4, ...model.inputShape], 3)));
  const x = normal([1, ...model.inputShape], 1);
  for (const rounds of [0, 1.5, 1001, Number.NaN, '3', null])
    await t.rejects(session.profile(x, { rounds: rounds as number }), {
      code: 'ERR_ARGUMENT',
      message: /^profile: rounds is .*, expected an integer from 1 to 1000/,
    });
  await t.rejects(session.profile(x, { round: 3 } as never), { code: 'ERR_ARGUMENT', message: /no option 'round', did you mean rounds\?/ });
  await t.rejects(session.profile(x, { signal: 5 as never }), { code: 'ERR_ARGUMENT', message: /^profile: signal is 5/ });
  await t.rejects(session.profile(normal([1, 28, 28, 2], 1)), { code: 'ERR_SHAPE', message: /^profile: x has shape/ });
  x.data[5] = Number.NaN;
  await t.rejects(session.profile(x), { code: 'ERR_ARGUMENT', message: /^profile: x holds a number that is not finite/ });
});
