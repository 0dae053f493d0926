// Whole training steps against PyTorch, which took them in float64 from the formulas (fixtures/torch_training_step.py): five of LeNet-5-BN,
// every layer an adder layer, and five of a network with one residual block.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseSafetensors } from '../../dist/io/safetensors';
import { AdderConv2d, BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, type Layer, Relu, Residual, Sequential } from '../../dist/layers';
import { lenet5bn } from '../../dist/models';
import { softmaxCrossEntropy } from '../../dist/ops';
import { Sgd } from '../../dist/optim';
import { Tensor } from '../../dist/tensor';
import { useIsa, useThreads } from '../support/cpu-settings';
import { instructionSets } from '../support/instruction-sets';

const random = null; // the fixture has the weights
const residualNetwork = (): Layer =>
  new Sequential({
    conv1: new Conv2d(3, 8, { kernel: 3, padding: 1, random }),
    bn1: new BatchNorm(8),
    relu: new Relu(),
    layer1: new Sequential([
      new Residual(
        new Sequential({
          conv1: new AdderConv2d(8, 16, { kernel: 3, stride: 2, padding: 1, random }),
          bn1: new BatchNorm(16),
          relu: new Relu(),
          conv2: new AdderConv2d(16, 16, { kernel: 3, padding: 1, random }),
          bn2: new BatchNorm(16),
        }),
        new Sequential([new AdderConv2d(8, 16, { kernel: 1, stride: 2, random }), new BatchNorm(16)]),
      ),
    ]),
    avgpool: new GlobalAveragePool2d(),
    fc: new Conv2d(16, 10, { kernel: 1, random }),
    bn2: new BatchNorm(10),
    flatten: new Flatten(),
  });

const networks = {
  lenet5bn_training_step: () => lenet5bn({ seed: null }),
  residual_training_step: residualNetwork,
};

/** ||found - wanted|| / ||wanted|| */
function relative(found: Float64Array, wanted: Float64Array): number {
  const norm = (v: Float64Array) => Math.hypot(...v);
  return norm(found.map((v, i) => v - wanted[i]!)) / norm(wanted);
}
const difference = (a: Tensor, b: Tensor): Float64Array => Float64Array.from(a.data, (v, i) => v - b.data[i]!);

/** Losses of the five steps, and the state after them. */
function takeSteps(network: Layer, tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>): number[] {
  const { momentum, nesterov, weightDecay, eta, labelSmoothing } = Object.fromEntries(
    Object.entries(metadata).map(([key, text]) => [key, JSON.parse(text)]),
  );
  const [x, targets] = [tensors.get('x')!, tensors.get('targets') as unknown as Tensor<Int32Array>];
  const optimizer = new Sgd(network.parameters(), { lr: 1, momentum, nesterov, weightDecay, adder: { rate: 'adaptive', eta } });
  const slice = <A extends Float32Array | Int32Array>({ data, shape: [steps = 1, ...rest] }: Tensor<A>, step: number) =>
    new Tensor(data.slice((step * data.length) / steps, ((step + 1) * data.length) / steps) as A, rest);
  return Array.from(tensors.get('learning_rates')!.data, (rate, step) => {
    const logits = network.forward(slice(x, step), { training: true });
    const { loss, grad } = softmaxCrossEntropy(logits, slice(targets, step).data, { labelSmoothing });
    network.backward(grad, { inputGradient: false });
    optimizer.step(rate);
    return loss;
  });
}

for (const [name, build] of Object.entries(networks))
  for (const isa of instructionSets)
    t.test(`${name} on ${isa}`, (t) => {
      useIsa(t, isa);
      const file = join(__dirname, `../../test/fixtures/${name}.safetensors`);
      const { tensors, metadata } = parseSafetensors(readFileSync(file));
      const part = (prefix: string) =>
        new Map(
          [...tensors].filter(([key]) => key.startsWith(prefix)).map(([key, tensor]) => [key.slice(prefix.length), tensor as Tensor]),
        );
      const [initial, final] = [part('initial.'), part('final.')];
      const states = [1, 2].map((count) => {
        useThreads(t, count);
        const network = build();
        network.loadStateDict(initial);
        const losses = takeSteps(network, tensors as Map<string, Tensor>, metadata);
        const expected = tensors.get('losses') as Tensor;
        t.ok(relative(Float64Array.from(losses), Float64Array.from(expected.data)) < 1e-5, 'losses');
        return network.stateDict();
      });
      const [state, other] = states as [Map<string, Tensor>, Map<string, Tensor>];
      t.same([...state.keys()], [...final.keys()], 'every tensor is compared');
      for (const [key, wanted] of final) {
        const found = state.get(key)!;
        const [start, zero] = [initial.get(key)!, Tensor.zeros(wanted.shape)];
        const value = relative(difference(found, zero), difference(wanted, zero));
        t.ok(value < 1e-4, `${key} after five steps: relative difference ${value.toExponential(1)}`);
        // The value hides a wrong step behind what did not change; float32 needs a quarter of this bound.
        const change = relative(difference(found, start), difference(wanted, start));
        t.ok(change < 2e-4, `${key} changed: relative difference ${change.toExponential(1)}`);
        t.same(other.get(key)!.data, found.data, `${key}: bit-identical on two threads`);
      }
      t.end();
    });
