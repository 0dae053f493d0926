// Networks of any layers, quantized to any bits: compiled ones are bit-identical to their plain reference, on every instruction set, for any
// number of images and threads, and so is what a file gives back.
import fc from 'fast-check';
import t from 'tap';
import { compile, layers, load, Model, type QuantizedModel, quantize, type Tensor } from '../../dist';
import { formatQuantized } from '../../dist/files/quantized-file';
import { Random } from '../../dist/random';
import { useThreads } from '../support/cpu-settings';
import { draws } from '../support/draws';
import { sessionSets, useSessionSet } from '../support/session-sets';
import { bits, normal } from '../support/tensors';

const {
  AdderConv2d,
  BatchNorm,
  Conv2d,
  Flatten,
  GlobalAveragePool2d,
  MaxPool2d,
  Relu,
  Residual,
  Sequential,
  SymmetricPad2d,
  WinogradAdderConv2d,
} = layers;

const layer = fc.record({
  ...{
    kind: fc.constantFrom<'adder' | 'adder-2x2' | 'adder-winograd' | 'conv'>(
      'adder',
      'adder',
      'adder-2x2',
      'adder-2x2',
      'adder-winograd',
      'adder-winograd',
      'conv',
    ),
    co: fc.constantFrom(1, 4, 8, 15, 16, 20, 33),
    kernel: fc.constantFrom(1, 2, 3),
  },
  ...{ stride: fc.constantFrom(1, 1, 2), padding: fc.nat({ max: 2 }), dilation: fc.constantFrom(1, 1, 2), grouped: fc.boolean() },
  ...{ hasBias: fc.boolean(), hasNorm: fc.constantFrom(true, true, false), hasRelu: fc.constantFrom(true, true, false) },
  ...{ isCentered: fc.boolean(), isResidual: fc.boolean(), isPooled: fc.constantFrom(true, false, false) },
});
const network = fc.record({
  ...{ h: fc.integer({ min: 5, max: 11 }), w: fc.integer({ min: 5, max: 11 }), channels: fc.integer({ min: 1, max: 4 }) },
  ...{ stem: layer, body: fc.array(layer, { minLength: 1, maxLength: 3 }), bits: fc.integer({ min: 2, max: 16 }) },
  ...{ range: fc.constantFrom('auto' as const, 'max' as const, 0.98), n: fc.integer({ min: 1, max: 4 }), seed: fc.nat() },
});
type LayerPlan = typeof layer extends fc.Arbitrary<infer L> ? L : never;
type NetworkPlan = typeof network extends fc.Arbitrary<infer N> ? N : never;

/** A convolution of what has `ci` channels, with what may follow it. */
function stage(plan: LayerPlan, ci: number, random: Random): { made: layers.Layer[]; channels: number } {
  const isWinograd = plan.kind === 'adder-winograd';
  const groups = plan.grouped && !isWinograd && ci % 2 === 0 ? 2 : 1;
  const co = plan.isResidual ? ci : Math.ceil(plan.co / groups) * groups;
  const window = plan.isResidual
    ? { kernel: 3, padding: 1 }
    : { kernel: plan.kernel, padding: plan.padding, stride: plan.stride, dilation: plan.dilation };
  const options = { groups, bias: plan.hasBias, random };
  const adder = (own: layers.Conv2dOptions) => new AdderConv2d(ci, co, { ...own, ...options, center: plan.isCentered });
  const convolution = {
    adder: () => [adder(window)],
    'adder-2x2': () => [new SymmetricPad2d(), adder(plan.isResidual ? { kernel: 2 } : { kernel: plan.kernel, stride: plan.stride })],
    'adder-winograd': () => [new WinogradAdderConv2d(ci, co, { padding: window.padding, bias: plan.hasBias, random })],
    conv: () => [new Conv2d(ci, co, { ...window, ...options })],
  };
  const ends = [...(plan.hasNorm ? [new BatchNorm(co)] : []), ...(plan.hasRelu && !plan.isResidual ? [new Relu()] : [])];
  const body = new Sequential([...convolution[plan.kind](), ...ends]);
  const pool = plan.isPooled ? [new MaxPool2d({ kernel: 2, stride: 1, padding: 1 })] : [];
  return { made: [plan.isResidual ? new Residual(body, undefined, { relu: plan.hasRelu }) : body, ...pool], channels: co };
}

/** Undefined where windows do not fit the image. */
function build({ h, w, channels, stem, body, seed }: NetworkPlan): Model | undefined {
  const random = new Random(seed);
  const made: layers.Layer[] = [];
  let ci = channels;
  for (const plan of [{ ...stem, isResidual: false }, ...body]) {
    const next = stage(plan, ci, random);
    made.push(...next.made);
    ci = next.channels;
  }
  made.push(...stage({ ...stem, kind: 'adder', isResidual: true }, ci, random).made, new GlobalAveragePool2d(), new Flatten());
  const perChannel = (value: number) => Array(channels).fill(value);
  try {
    return new Model(new Sequential(made), {
      ...{ name: 'random', kind: 'adder', classes: ci, inputShape: [h, w, channels], dataset: 'none' },
      normalization: { mean: perChannel(0), std: perChannel(1) },
    });
  } catch {
    return undefined;
  }
}

async function quantized(plan: NetworkPlan): Promise<QuantizedModel | undefined> {
  const model = build(plan);
  if (!model) return undefined;
  try {
    for (let step = 0; step < 10; step++) model.forward(normal([8, ...model.inputShape], step), { training: true });
    return await quantize(model, normal([6, ...model.inputShape], 5), { bits: plan.bits, range: plan.range });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SHAPE') return undefined;
    throw error;
  }
}

function checkSame(got: Tensor, want: Tensor, what: string): void {
  if (bits(got) !== bits(want)) throw new Error(`${what}: ${got.data}, expected ${want.data}`);
}

for (const isa of sessionSets)
  t.test(isa, async (t) => {
    useSessionSet(t, isa);
    useThreads(t, 2);
    const met = {
      u8: 0,
      i16: 0,
      requantized: 0,
      residual: 0,
      pooled: 0,
      symmetric: 0,
      'symmetric i16': 0,
      centered: 0,
      'centered i16': 0,
      winograd: 0,
      'winograd of i16': 0,
    };
    const holds = async (plan: NetworkPlan) => {
      const small = await quantized(plan);
      if (!small) return;
      met[small.dtype]++;
      for (const node of small.graph.nodes) {
        if (node.op === 'quantizedConv2d' && node.output.dtype === 'i16') met.requantized++;
        if (node.op === 'quantizedConv2d' && node.residual?.dtype === 'i16') met.residual++;
        if (node.op === 'pool' && node.output.dtype === 'i16') met.pooled++;
        if (node.op === 'quantizedConv2d' && node.isSymmetric) met[node.x.dtype === 'u8' ? 'symmetric' : 'symmetric i16']++;
        if (node.op === 'quantizedConv2d' && node.isCentered) met[node.x.dtype === 'u8' ? 'centered' : 'centered i16']++;
        if (node.op === 'quantizedConv2d' && node.kind === 'adder-winograd') met[node.x.dtype === 'u8' ? 'winograd' : 'winograd of i16']++;
      }
      const x = normal([plan.n, ...small.inputShape], 6);
      const want = small.forward(x);
      for (const threads of [1, 2]) {
        using session = await compile(small, { threads });
        checkSame(session.runSync(x), want, `${threads} threads`);
      }
      const again = await load(formatQuantized(small, small.metadata));
      if (again.constructor !== small.constructor) throw new Error('a file gives another network');
      checkSame(again.forward(x), want, 'from a file');
    };
    await t.resolves(fc.assert(fc.asyncProperty(network, holds), draws(150)));
    if (process.env.ADDERNET_QUICK === undefined)
      for (const [kind, count] of Object.entries(met)) t.ok(count > 5, `${kind} is met: ${count}`);
  });
