// Compiled networks against the layers they were compiled from, on every instruction set of this CPU: every form of convolution with every
// ending, values that several steps read, batches of any size.
import t from 'tap';
import { compile, layers, type Model, models, Tensor } from '../../dist';
import { Random } from '../../dist/random';
import { useThreads } from '../support/cpu-settings';
import { checkGuards, guarded } from '../support/guarded';
import { kindsOf } from '../support/network-kinds';
import { calibrate, randomize } from '../support/random-network';
import { sessionSets, useSessionSet } from '../support/session-sets';
import { images, normal, sameBits } from '../support/tensors';

/** Under an emulator or a sanitizer. */
const isQuick = process.env.ADDERNET_QUICK !== undefined;
const skip = isQuick ? 'slow under an emulator or a sanitizer' : false;

const {
  AdderConv2d,
  AveragePool2d,
  BatchNorm,
  Conv2d,
  Flatten,
  GlobalAveragePool2d,
  Linear,
  MaxPool2d,
  Relu,
  Residual,
  Sequential,
  SymmetricPad2d,
  WinogradAdderConv2d,
  XnorConv2d,
} = layers;
const convolutions = { AdderConv2d, Conv2d, XnorConv2d };

/** The same filters in every run: results of others may cancel until rounding shows. */
const seeded = <Options>(options: Options) => ({ ...options, random: new Random(1) });

/** A network, and the shape of one image. */
interface Case {
  readonly input: readonly number[];
  readonly network: layers.Layer;
}

/** Convolution `make` with all that may follow it in its step, in every combination. */
function endings(make: () => layers.Layer, channels: number, input: readonly number[]): Record<string, Case> {
  const block = (names: Record<string, layers.Layer>) => new Sequential({ conv: make(), ...names });
  return {
    alone: { input, network: make() },
    ReLU: { input, network: block({ relu: new Relu() }) },
    normalized: { input, network: block({ norm: new BatchNorm(channels) }) },
    'normalized, ReLU': { input, network: block({ norm: new BatchNorm(channels), relu: new Relu() }) },
    'added to': { input, network: new Residual(block({}), undefined, { relu: false }) },
    'added to, ReLU': { input, network: new Residual(block({})) },
    'normalized, added to': { input, network: new Residual(block({ norm: new BatchNorm(channels) }), undefined, { relu: false }) },
    'normalized, added to, ReLU': { input, network: new Residual(block({ norm: new BatchNorm(channels) })) },
    'ReLU, then normalized': { input, network: block({ relu: new Relu(), norm: new BatchNorm(channels) }) },
    'normalized twice': { input, network: block({ norm: new BatchNorm(channels), again: new BatchNorm(channels) }) },
  };
}

/** Input and output have the same shape, so that a residual fits. */
const forms: Record<string, { input: readonly number[]; options: Parameters<typeof endingsOf>[1] }> = {
  'rows are pixels': { input: [5, 6, 20], options: { kernel: 3, padding: 1 } },
  'rows are filters': { input: [4, 37, 3], options: { kernel: 3, padding: 1 } },
  'k in several blocks': { input: [3, 4, 150], options: { kernel: 3, padding: 1 } },
  'few filters, k in several blocks': { input: [2, 40, 4], options: { kernel: [9, 19], padding: [4, 9] } },
  groups: { input: [5, 5, 12], options: { kernel: 3, padding: 1, groups: 2 } },
  depthwise: { input: [5, 7, 11], options: { kernel: 3, padding: 1, groups: 11 } },
  'one pixel, one channel': { input: [1, 1, 1], options: { kernel: 1 } },
};

const endingsOf = (input: readonly number[], options: layers.Conv2dOptions, kind: keyof typeof convolutions): Record<string, Case> => {
  const channels = input[2]!;
  return endings(() => new convolutions[kind](channels, channels, seeded({ bias: channels % 2 === 1, ...options })), channels, input);
};

/** Of centered adders in every form. */
const centeredEndings = ({ input, options }: (typeof forms)[string]): Record<string, Case> =>
  endingsOf(input, { ...options, center: true } as layers.AdderConv2dOptions, 'AdderConv2d');
/** With 2x2 windows. */
const evenInputs = [
  [1, 1, 1],
  [1, 7, 3],
  [5, 6, 20],
  [4, 37, 4],
  [3, 4, 150],
] as const;
const evenEndings = (input: readonly number[]): Record<string, Case> => {
  const channels = input[2]!;
  const even = () => [
    new SymmetricPad2d(),
    new AdderConv2d(channels, channels, seeded({ kernel: 2, center: true, bias: channels % 2 === 1 })),
  ];
  return endings(() => new Sequential(even()), channels, input);
};

/** Of Winograd layers. */
const winogradForms: Record<string, { input: readonly number[]; padding: layers.WinogradAdderConv2dOptions['padding'] }> = {
  'even sizes': { input: [8, 6, 20], padding: 1 },
  'odd sizes': { input: [5, 7, 33], padding: 1 },
  'few filters, wide rows': { input: [4, 37, 3], padding: 1 },
  ...(!isQuick && { 'k in several blocks': { input: [3, 4, 700], padding: 1 } }), // 8 million filter elements
  'unequal sides': { input: [6, 5, 9], padding: [2, 0, 0, 2] },
  'one pixel, one channel': { input: [1, 1, 1], padding: 1 },
};

const winogradEndings = ({ input, padding }: (typeof winogradForms)[string]): Record<string, Case> => {
  const channels = input[2]!;
  return endings(() => new WinogradAdderConv2d(channels, channels, seeded({ bias: channels % 2 === 1, padding })), channels, input);
};

const unit = (ci: number, co: number, stride = 1) =>
  new Sequential([new AdderConv2d(ci, co, seeded({ kernel: 3, padding: 1, stride })), new BatchNorm(co)]);

/** Values that are read more than once, or by the step that one would fuse them into; layers without a convolution before them. */
const hazards: Record<string, Case> = {
  'batch norm of the input, which the shortcut needs as it was': {
    input: [4, 5, 6],
    network: new Sequential([
      unit(6, 6),
      new Residual(new Sequential([new BatchNorm(6), new Relu(), new Conv2d(6, 6, seeded({ kernel: 1 }))]), undefined, { relu: false }),
      new Residual(new Sequential([new Relu(), new BatchNorm(6)])),
    ]),
  },
  'a value added to itself': { input: [3, 3, 4], network: new Sequential([unit(4, 4), new Residual(new Sequential([]))]) },
  'the input added to itself': { input: [3, 3, 4], network: new Residual(new Sequential([]), undefined, { relu: false }) },
  'a shortcut with a convolution of its own': {
    input: [6, 6, 4],
    network: new Sequential([
      unit(4, 8),
      new Residual(unit(8, 12, 2), new Sequential([new Conv2d(8, 12, seeded({ kernel: 1, stride: 2 }))])),
    ]),
  },
  '2x2 windows at strides': {
    input: [9, 8, 20],
    network: new Sequential([
      new SymmetricPad2d(),
      new AdderConv2d(20, 5, seeded({ kernel: 2, stride: [1, 2], center: true })),
      new SymmetricPad2d(),
      new AdderConv2d(5, 33, seeded({ kernel: 2, stride: [3, 1] })),
    ]),
  },
  'blocks within blocks': {
    input: [6, 5, 8],
    network: new Sequential([
      unit(8, 8),
      new Residual(new Sequential([new Residual(unit(8, 8)), new Residual(new Sequential([new Residual(unit(8, 8)), unit(8, 8)]))])),
    ]),
  },
  'the same layer twice': { input: [4, 4, 6], network: ((twice) => new Sequential([twice, new Relu(), twice]))(unit(6, 6)) },
  'a bottleneck, whose shortcut outlives many values': {
    input: [6, 6, 16],
    network: new Sequential([
      unit(16, 16),
      new Residual(
        new Sequential([
          new AdderConv2d(16, 16, seeded({ kernel: 1 })),
          new BatchNorm(16),
          new Relu(),
          new AdderConv2d(16, 4, seeded({ kernel: 3, padding: 1, groups: 2 })),
          new BatchNorm(4),
          new Relu(),
          new AdderConv2d(4, 16, seeded({ kernel: 1 })),
          new BatchNorm(16),
        ]),
      ),
    ]),
  },
  'a residual while k is summed in several blocks': {
    input: [3, 4, 150],
    network: new Sequential([unit(150, 150), new Residual(new Sequential([unit(150, 150), unit(150, 150)]))]),
  },
  'pools and a classifier': {
    input: [9, 11, 5],
    network: new Sequential([
      new MaxPool2d({ kernel: 3, stride: 2, padding: 1 }),
      new BatchNorm(5),
      new XnorConv2d(5, 7, seeded({ kernel: 2, bias: true })),
      new AveragePool2d({ kernel: 2, padding: 1 }),
      new Relu(),
      new Flatten(),
      new Linear(3 * 3 * 7, 12, seeded({})),
      new BatchNorm(12),
      new Relu(),
      new Linear(12, 3, seeded({ bias: false })),
    ]),
  },
  'global pool': { input: [5, 5, 9], network: new Sequential([unit(9, 4), new GlobalAveragePool2d(), new Flatten()]) },
  'no step at all': { input: [3, 4, 2], network: new Sequential([new Flatten()]) },
  'features, no image': { input: [17], network: new Sequential([new Linear(17, 5, seeded({})), new BatchNorm(5), new Relu()]) },
};

/** Where two results differ by more than rounding, in words. */
function difference(y: Tensor, expected: Tensor, part = 1e-5): string | undefined {
  const size = expected.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const worst = y.data.reduce((most, v, i) => Math.max(most, Math.abs(v - expected.data[i]!)), 0);
  return worst <= part * size ? undefined : `worst difference ${worst} of ${size}`;
}

/** Runs a session with batches of changing size. */
async function check({ network, input }: Case, part?: number): Promise<void> {
  const batch = normal([5, ...input], 4);
  const session = await compile(network, { input });
  const last: Tensor[] = [];
  for (const n of [1, 2, 5, 1]) {
    const x = images(batch, 5 - n, 5);
    const expected = network.forward(x);
    const out = guarded(expected.shape);
    session.runSync(x, { out });
    const wrong = difference(out, expected, part);
    if (wrong) throw new Error(`n = ${n}: ${wrong}`);
    checkGuards(out);
    if (!sameBits(await session.run(x), out)) throw new Error(`n = ${n}: asynchronously other bits`);
    last.push(images(out, n - 1, n));
  }
  if (!last.every((y) => sameBits(y, last[0]!))) throw new Error('an image gives other bits in another batch');
  session.dispose();
}

for (const isa of sessionSets)
  t.test(isa, async (t) => {
    useSessionSet(t, isa);
    for (const kind of Object.keys(convolutions) as (keyof typeof convolutions)[])
      for (const [form, { input, options }] of Object.entries(forms))
        for (const [ending, { network }] of Object.entries(endingsOf(input, options, kind)))
          await t.resolves(check({ network: randomize(network, 3), input }), `${kind}, ${form}, ${ending}`);
    for (const [form, problem] of Object.entries(forms))
      for (const [ending, { network, input }] of Object.entries(centeredEndings(problem)))
        await t.resolves(check({ network: randomize(network, 3), input }), `centered, ${form}, ${ending}`);
    for (const input of evenInputs)
      for (const [ending, { network }] of Object.entries(evenEndings(input)))
        await t.resolves(check({ network: randomize(network, 3), input }), `2x2 windows, ${input}, ${ending}`);
    for (const [form, problem] of Object.entries(winogradForms))
      for (const [ending, { network }] of Object.entries(winogradEndings(problem)))
        await t.resolves(check({ network: randomize(network, 3), input: problem.input }), `WinogradAdderConv2d, ${form}, ${ending}`);
    for (const [name, { network, input }] of Object.entries(hazards))
      await t.resolves(check({ network: randomize(network, 3), input }), name);

    for (const name of isQuick || isa === 'scalar' ? ['lenet5bn'] : ['lenet5bn', 'resnet20'])
      for (const kind of kindsOf(name)) {
        const model = trained(name, kind);
        const part = kind === 'adder-winograd' ? 1e-4 : 1e-5; // an output is what is left of nine sums
        await t.resolves(check({ network: model, input: model.inputShape }, part), `${name} of kind ${kind}`);
      }
  });

function trained(name: string, kind: models.NetworkKind = 'adder'): Model {
  const model = randomize(models.createModel(name, { kind, seed: 1 }), 2);
  // Initial Winograd filters lie among what they meet and magnify every error; those of the size that training gives them do not.
  if (kind === 'adder-winograd')
    for (const { rule, value } of model.parameters()) if (rule === 'adder') value.data.set(value.data.map((v) => 4 * v));
  return calibrate(model, normal([2, ...model.inputShape], 3));
}

t.test('the larger networks', { skip }, async (t) => {
  for (const name of ['vggSmall', 'resnet32', 'resnet18', 'resnet50']) {
    const model = trained(name);
    const x = normal([1, ...model.inputShape], 4);
    const session = await compile(model);
    t.same(session.outputShape, [model.classes]);
    t.equal(difference(session.runSync(x), model.forward(x)), undefined, name);
    session.dispose();
  }
});

t.test('threads change nothing but the time', async (t) => {
  const model = trained('resnet20');
  const counts = isQuick ? [1, 3] : [1, 2, 3, 5, 8, 23]; // fewer than threads, as many, and some beyond a multiple
  const x = normal([counts.at(-1)!, ...model.inputShape], 3);
  const alone = await compile(model, { threads: 1 });
  const expected = alone.runSync(x);
  for (const threads of isQuick ? [2] : [2, 3, 5]) {
    const session = await compile(model, { threads });
    for (const n of counts)
      t.ok(sameBits(session.runSync(images(x, 0, n)), images(expected, 0, n)), `bit-identical: ${n} images, ${threads} threads`);
    t.ok(sameBits(await session.run(x), expected));
    session.dispose();
  }
  const session = await compile(model);
  for (const threads of [4, 1, 2]) {
    useThreads(t, threads);
    t.ok(sameBits(session.runSync(x), expected), `of ${threads} threads of the process`);
  }
});

t.test('images too large for a thread each', { skip }, async (t) => {
  const input = [600, 500, 4];
  const network = randomize(new Sequential([unit(4, 8), unit(8, 4), new GlobalAveragePool2d()]), 1); // 14 MB an image
  const x = normal([5, ...input], 2);
  const [alone, session] = await Promise.all([1, 4].map((threads) => compile(network, { input, threads })));
  const packed = session!.memory;
  t.ok(sameBits(session!.runSync(x), alone!.runSync(x)), 'are bit-identical');
  t.ok(session!.memory - packed < 16 << 20, 'and take the memory of one');
});

t.test('a NaN stays in its image', async (t) => {
  const model = trained('lenet5bn');
  const x = normal([3, ...model.inputShape], 3);
  const session = await compile(model);
  const clean = session.runSync(x);
  x.data[x.size / 2] = Number.NaN;
  const y = session.runSync(x);
  t.ok(images(y, 1, 2).data.every(Number.isNaN), 'and reaches all that depends on it');
  for (const i of [0, 2]) t.ok(sameBits(images(y, i, i + 1), images(clean, i, i + 1)), `image ${i} is as without it`);
});

t.test('runs that are given up', async (t) => {
  const model = trained('resnet20');
  const session = await compile(model, { threads: 1 });
  const n = isQuick ? 2 : 64;
  const x = normal([n, ...model.inputShape], 3);
  const expected = session.runSync(x);
  const reason = new Error('not awaited');
  await t.rejects(session.run(x, { signal: AbortSignal.abort(reason) }), reason, 'before it begins');

  const [first, second] = [new AbortController(), new AbortController()];
  const ended: string[] = [];
  const note = (name: string) => () => void ended.push(name);
  const running = session.run(x, { signal: first.signal });
  const waiting = session.run(x, { signal: second.signal });
  const copied = normal([n, ...model.inputShape], 3);
  const last = session.run(copied);
  copied.data.fill(0); // it is the caller's again
  const all = [running.catch(note('running')), waiting.catch(note('waiting')), last.then(note('last'))];
  second.abort(reason);
  await t.rejects(waiting, reason, 'in the queue');
  first.abort(reason);
  await t.rejects(running, reason, 'under way');
  await Promise.all(all);
  t.same(ended, ['waiting', 'running', 'last'], 'none of them waits for a run');
  t.ok(sameBits(await last, expected), 'and those after them are as ever');
  t.ok(sameBits(await session.run(x, { signal: new AbortController().signal }), expected));
  for (const run of [session.run(x), session.run(x)]) t.ok(sameBits(await run, expected));
  const outlives = [session.run(x), session.run(x)];
  session.dispose();
  for (const run of outlives) t.ok(sameBits(await run, expected), 'runs that were asked for before a dispose still end');
  await t.rejects(session.run(x), { code: 'ERR_DISPOSED' });
});

t.test('a signal of an older polyfill has no throwIfAborted, and no reason', async (t) => {
  const model = trained('lenet5bn');
  const session = await compile(model);
  const x = Tensor.zeros([1, ...model.inputShape]);
  const signal = Object.assign(new EventTarget(), { aborted: false }) as AbortSignal & { aborted: boolean };
  t.same((await session.run(x, { signal })).shape, [1, 10]);
  const running = session.run(x, { signal });
  signal.aborted = true;
  signal.dispatchEvent(new Event('abort'));
  await t.rejects(running, { name: 'AbortError' });
  await t.rejects(session.run(x, { signal }), { name: 'AbortError' });
  session.dispose();
});

t.test('a run that is given up in the queue is not run', { skip }, async (t) => {
  const model = trained('resnet20');
  const session = await compile(model, { threads: 1 });
  const x = normal([32, ...model.inputShape], 3);
  await session.run(x);
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on('warning', warned);
  const timeOf = async (work: () => Promise<unknown>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  const alone = await timeOf(() => session.run(x));
  const beside = await timeOf(async () => {
    const controller = new AbortController();
    const running = session.run(x);
    const given = Array.from({ length: 20 }, () => session.run(x, { signal: controller.signal }).catch(() => {}));
    const last = session.run(x);
    controller.abort();
    await Promise.all([running, ...given, last]);
  });
  process.off('warning', warned);
  t.same(warnings, [], 'one signal may be of many runs');
  t.ok(beside < 10 * alone, `two runs of ${alone} ms and 20 given up took ${beside} ms`);
  session.dispose();
});

t.test('arguments of other kinds', async (t) => {
  const model = trained('lenet5bn');
  const session = await compile(model);
  const x = Tensor.zeros([1, 28, 28, 1]);
  const refused = (use: () => unknown, message: RegExp) =>
    t.rejects(async () => use(), { name: 'AdderNetError', code: 'ERR_ARGUMENT', message });
  await refused(
    () => session.run(new Float32Array(784) as never),
    /x is a Float32Array, expected a Tensor: new Tensor\(data, \[1,28,28,1\]\)/,
  );
  await refused(() => session.runSync(new Float32Array(1568) as never), /new Tensor\(data, \[2,28,28,1\]\)/);
  await refused(() => session.run(new Uint8Array(7) as never), /x is a Uint8Array, expected a Tensor: new Tensor\(data, \[n,28,28,1\]\)/);
  for (const other of [undefined, null, 'x', {}, [1]]) await refused(() => session.run(other as never), /x is not a Tensor/);
  await refused(() => session.run(x, { timeout: 1 } as never), /run: there is no option 'timeout', expected signal/);
  for (const signal of [{}, 5, 'x', null, new EventTarget()])
    await refused(() => session.run(x, { signal } as never), /signal is .*, expected an AbortSignal/);
  await refused(() => session.run(x, null as never), /options are null/);
  await refused(() => session.runSync(x, { output: x } as never), /there is no option 'output', did you mean out\?/);
  await refused(() => session.runSync(x, { out: new Float32Array(10) } as never), /out is not a Tensor/);
  await refused(() => session.runSync(x, x as never), /runSync: there is no option/);
  session.dispose();
});

t.test('memory', async (t) => {
  const [h, w, c, depth] = [32, 32, 16, 6];
  const bytes = 4 * h * w * c;
  const blocks = Array.from({ length: depth }, () => new Residual(unit(c, c)));
  const network = randomize(new Sequential(blocks), 1);
  const weights = depth * 4 * 9 * c * c;
  const session = await compile(network, { input: [h, w, c] });
  const packed = session.memory;
  t.ok(packed >= weights && packed < 1.2 * weights, 'packed filters, once');
  const batch = normal([100, h, w, c], 2);
  const first = session.runSync(images(batch, 0, 1));
  t.ok(session.memory > packed && session.memory <= packed + 3 * bytes, 'values lie where others lay before: a block needs three places');
  const all = session.runSync(batch);
  t.ok(session.memory <= packed + (16 << 20), 'a large batch runs in parts');
  t.ok(sameBits(images(all, 0, 1), first), 'bit-identically');
  const last = session.runSync(images(batch, 99, 100));
  t.ok(sameBits(images(all, 99, 100), last));
  session.dispose();
  t.equal(session.memory, 0, 'none after dispose');
});
