// Weights that PyTorch trained after a Flatten: its rows are in the order channels, height, width, here they are in height, width, channels.
import t from 'tap';
import { layers, Model, models, Tensor } from '../../dist';
import { randomize } from '../support/random-network';
import { normal } from '../support/tensors';

const { BatchNorm, Conv2d, Flatten, GlobalAveragePool2d, Linear, MaxPool2d, Relu, Residual, Sequential, WinogradAdderConv2d } = layers;
type State = Map<string, Tensor> & { layout?: layers.StateLayout };

const metadata = {
  name: 'mine',
  kind: 'conv',
  classes: 3,
  inputShape: [8, 6, 2],
  normalization: { mean: [0, 0], std: [1, 1] },
  dataset: 'none',
} as const;

/** A state that says it is of PyTorch's layout, as one of readTensors does. */
function pytorchState(layer: layers.Layer): State {
  const state: State = new Map([...layer.stateDict()].map(([name, { data, shape }]) => [name, new Tensor(data.slice(), shape)]));
  state.layout = 'pytorch';
  return state;
}

/** The rows that PyTorch's flatten(1) makes of images [n,h,w,c]: channels, height, width. */
function channelsFirst({ data, shape }: Tensor): Float64Array[] {
  const [n, h, w, c] = shape as [number, number, number, number];
  return Array.from({ length: n }, (_, image) =>
    Float64Array.from({ length: h * w * c }, (_, i) => {
      const [channel, pixel] = [Math.floor(i / (h * w)), i % (h * w)];
      return data[(image * h * w + pixel) * c + channel]!;
    }),
  );
}
const affine = (row: Float64Array, weight: Tensor, bias?: Tensor): Float64Array =>
  Float64Array.from({ length: weight.shape[0]! }, (_, o) => {
    const k = weight.shape[1]!;
    return row.reduce((sum, v, i) => sum + v * weight.data[o * k + i]!, bias?.data[o] ?? 0);
  });
const normalized = (row: Float64Array, state: State, name: string): Float64Array => {
  const of = (key: string) => state.get(`${name}.${key}`)!.data;
  const [mean, variance, gamma, beta] = [of('running_mean'), of('running_var'), of('weight'), of('bias')];
  return row.map((v, i) => ((v - mean[i]!) / Math.sqrt(variance[i]! + 1e-5)) * gamma[i]! + beta[i]!);
};
const near = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.from(a).every((v, i) => Math.abs(v - b[i]!) <= 1e-4 * (1 + Math.abs(b[i]!)));

/** What comes before the Flatten, and the network itself with a batch norm and two Linear layers after it, nested. */
function networks() {
  const features = {
    conv: new Conv2d(2, 4, { kernel: 3, padding: 1 }),
    relu: new Relu(),
    tiles: new WinogradAdderConv2d(4, 5, { padding: 1 }),
    pool: new MaxPool2d({ kernel: 2 }),
  };
  const head = new Sequential([new BatchNorm(60), new Relu(), new Linear(60, 7), new Linear(7, 3)]);
  const network = new Model({ body: new Sequential(features), rows: new Flatten(), head }, metadata);
  randomize(network, 1);
  return { features: new Sequential(features), network };
}

t.test('logits are those of PyTorch, with a batch norm and in any nesting', (t) => {
  const { network, features } = networks();
  const state = pytorchState(network);
  const x = normal([3, ...metadata.inputShape], 2);
  const expected = channelsFirst(features.forward(x)).map((row) => {
    const activated = normalized(row, state, 'head.0').map((v) => Math.max(0, v));
    const hidden = affine(activated, state.get('head.2.weight')!, state.get('head.2.bias')!);
    return affine(hidden, state.get('head.3.weight')!, state.get('head.3.bias')!);
  });
  const loaded = networks().network;
  t.same(loaded.loadStateDict(state), { missing: [], unexpected: [] });
  t.ok(
    near(
      loaded.forward(x).data,
      expected.flatMap((row) => [...row]),
    ),
  );
  t.notOk(
    near(
      network.forward(x).data,
      expected.flatMap((row) => [...row]),
    ),
    'which they would not be as they lie',
  );
  const plain = new Map(state);
  loaded.loadStateDict(plain, { layout: 'pytorch' });
  t.ok(
    near(
      loaded.forward(x).data,
      expected.flatMap((row) => [...row]),
    ),
    'a Map of which the option says so',
  );
  loaded.loadStateDict(plain);
  t.same(loaded.stateDict().get('head.2.weight')!.data, state.get('head.2.weight')!.data, 'one of no layout is taken as it is');
  loaded.loadStateDict(state, { layout: 'addernet' });
  t.same(loaded.stateDict().get('head.2.weight')!.data, state.get('head.2.weight')!.data, 'and so is one of this package');
  t.end();
});

t.test('images that are flattened at once have the channels of the input', (t) => {
  const mlp = () => new Sequential({ rows: new Flatten(), fc: new Linear(24, 3) });
  const model = new Model(mlp(), { ...metadata, inputShape: [2, 4, 3], normalization: { mean: [0, 0, 0], std: [1, 1, 1] } });
  const state = pytorchState(model);
  model.loadStateDict(state);
  const x = normal([2, 2, 4, 3], 3);
  const expected = channelsFirst(x).flatMap((row) => [...affine(row, state.get('fc.weight')!, state.get('fc.bias')!)]);
  t.ok(near(model.forward(x).data, expected));
  const alone = mlp();
  const before = alone.stateDict().get('fc.weight')!.data.slice();
  t.throws(() => alone.loadStateDict(state), { code: 'ERR_ARGUMENT', message: /fc\.weight follows a Flatten.*inputShape/ });
  t.same(alone.stateDict().get('fc.weight')!.data, before, 'nothing was loaded');
  alone.loadStateDict(state, { inputShape: [2, 4, 3] });
  t.ok(near(alone.forward(x).data, expected));
  t.throws(() => alone.loadStateDict(state, { inputShape: [2, 4, 5] }), { code: 'ERR_SHAPE', message: /multiple of the 5 channels/ });
  alone.loadStateDict(state, { inputShape: [4, 6, 1] });
  t.same(alone.stateDict().get('fc.weight')!.data, state.get('fc.weight')!.data, 'gray images are in the same order');
  t.end();
});

t.test('maps of one pixel, and rows that no image was, stay as they are', (t) => {
  const residual = new Residual(new Sequential([new Linear(4, 4), new BatchNorm(4)]));
  const network = new Sequential([
    new Conv2d(2, 4, { kernel: 1 }),
    new GlobalAveragePool2d(),
    new Flatten(),
    new BatchNorm(4),
    residual,
    new Linear(4, 6),
    new Flatten(),
    new Linear(6, 3),
  ]);
  const state = pytorchState(randomize(network, 5));
  network.loadStateDict(state);
  for (const [name, { data }] of network.stateDict()) t.same(data, state.get(name)!.data, name);
  t.end();
});

t.test('what cannot be told is refused', (t) => {
  class Own extends layers.Layer {
    forward(x: Tensor): Tensor {
      return x;
    }
    outputShape(input: readonly number[]) {
      return input;
    }
  }
  const own = new Sequential([new Conv2d(2, 4, { kernel: 1 }), new Flatten(), new Own(), new Linear(16, 2)]);
  t.throws(() => own.loadStateDict(pytorchState(own)), { code: 'ERR_ARGUMENT', message: /3\.weight follows a Flatten.*elementOrder\(\)/ });
  class Elementwise extends Own {
    override elementOrder(before: layers.ElementOrder): layers.ElementOrder {
      return before;
    }
  }
  const named = new Sequential([new Conv2d(2, 4, { kernel: 1 }), new Flatten(), new Elementwise(), new Linear(16, 2)]);
  const state = pytorchState(named);
  named.loadStateDict(state);
  t.notSame(named.stateDict().get('3.weight')!.data, state.get('3.weight')!.data);
  const rows = new Sequential([new Conv2d(2, 4, { kernel: 1 }), new Flatten(), new Residual(new Sequential([new Linear(16, 16)]))]);
  t.throws(() => rows.loadStateDict(pytorchState(rows)), { code: 'ERR_FORMAT', message: /this block adds rows of a flattened image/ });
  t.throws(() => rows.loadStateDict(pytorchState(rows), { layout: 'torch' as 'pytorch' }), {
    code: 'ERR_ARGUMENT',
    message: /layout is 'torch'/,
  });
  t.throws(() => rows.loadStateDict({} as State), { code: 'ERR_ARGUMENT', message: /expected a Map of tensors/ });
  t.throws(() => rows.loadStateDict(new Map(), { strcit: false } as object), {
    code: 'ERR_ARGUMENT',
    message: /'strcit', did you mean strict/,
  });
  t.end();
});

t.test('VGG-small of another size', (t) => {
  const model = models.vggSmall({ kind: 'conv', inputShape: [16, 24, 3], seed: 1 });
  const state = pytorchState(model);
  model.loadStateDict(state);
  const [ours, theirs] = [model, { stateDict: () => state }].map((of) => of.stateDict().get('fc.weight')!.data);
  const [channels, pixels] = [512, 2 * 3];
  t.ok([0, 1, 700, 3071].every((i) => ours![i] === theirs![(i % channels) * pixels + Math.floor(i / channels)]));
  t.same(model.stateDict().get('conv6.weight')!.data, state.get('conv6.weight')!.data);
  t.end();
});
