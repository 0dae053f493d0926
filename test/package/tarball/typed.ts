// A consumer of the types at the strictest settings: what follows must compile, and what is marked must not.
import {
  type AdderNetError,
  type Classification,
  type CpuInfo,
  compile,
  cpuInfo,
  type Dataset,
  type Evaluation,
  evaluate,
  fit,
  type InferenceSession,
  layers,
  load,
  Model,
  models,
  openDataset,
  ops,
  type QuantizedModel,
  quantize,
  Sgd,
  save,
  schedule,
  Tensor,
} from 'addernet';

// Values that a program has from elsewhere: neither the library of es2020 nor the package declares how to make them.
declare const url: URL;
declare const blob: Blob;

export async function everything(): Promise<void> {
  const info: CpuInfo = cpuInfo();
  const x: Tensor<Float32Array> = Tensor.zeros([1, 32, 32, 3]);
  const y: Tensor = ops.adderConv2d(x, Tensor.zeros([8, 3, 3, 3]), { stride: 2, padding: 1 });
  const integers: Tensor<Int32Array> = ops.adderConv2d(Tensor.zeros([1, 4, 4, 1], 'u8'), Tensor.zeros([8, 3, 3, 1], 'u8'), { padValue: 7 });
  const model: Model = models.resnet20({ kind: 'adder', classes: 10, seed: 1 });
  const trained: Model = await load('lenet5-bn-mnist');
  const data: Dataset = openDataset('mnist', 'data/mnist', 'train');
  const optimizer = new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9, adder: { rate: 'adaptive', eta: 0.2 } });
  const { history } = await fit(model, data, {
    epochs: 1,
    batch: 32,
    optimizer,
    schedule: schedule.cosine({ epochs: 1 }),
    augment: { crop: 4, flip: true },
    onEpoch: ({ epoch, loss }) => void [epoch.toFixed(), loss.toFixed(3)],
  });
  const first: number | undefined = history[0]?.loss;
  const result: Evaluation = await evaluate(model, data, { limit: 10 });
  const small: QuantizedModel = await quantize(trained, data, { bits: 8 });
  const session: InferenceSession = await compile(small, { dtype: 'u8', threads: 1 });
  const [best]: Classification[] = await session.classify('digit.png', { top: 1 });
  const logits: Float32Array = session.runSync(x).data;
  session.dispose();
  const stack = new layers.Sequential({ conv: new layers.AdderConv2d(3, 4, { kernel: 3 }), relu: new layers.Relu() });
  await save(model, 'model.safetensors');
  await save(small, url, { training: model.metadata.training });
  const bundled: QuantizedModel = await load('resnet20-cifar10-8bit');
  const wide: QuantizedModel = await quantize(trained, data, { bits: 16 });
  const quantized: Tensor<Int16Array> = ops.quantizeActivations(x, 0.1, { dtype: 'i16', zeroPoint: -32768 });
  const requantized: Tensor<Int16Array> = ops.adderConv2dRequantized(quantized, Tensor.zeros([8, 3, 3, 3], 'i16'), {
    scale: Tensor.zeros([8]),
    shift: Tensor.zeros([8]),
    residual: quantized,
    qmin: -32768,
  });
  const floats: Model = await load(new Uint8Array(8), { dtype: 'f32', inputShape: [64, 64, 3], onNote: (note) => void note.length });
  const bytes: QuantizedModel = await load(url, { dtype: 'u8' });
  const either: Model | QuantizedModel = await load(blob);
  const tall: Model = models.resnet20({ inputShape: [64, 32, 3], classNames: undefined });
  const mine = new Model(stack, { ...tall.metadata, name: 'mine' });
  mine.loadStateDict(new Map<string, Tensor>(), { strict: false, layout: 'pytorch' });
  void [bundled, wide, requantized, floats, bytes, either, ops.softmax(y)];
  void [info, y, integers, first, result.top1, best?.name, logits, stack];
}

export const codeOf = (error: AdderNetError): 'ERR_SHAPE' | undefined => (error.code === 'ERR_SHAPE' ? error.code : undefined);

// @ts-expect-error: a kind that does not exist
models.resnet20({ kind: 'multiplier' });
// @ts-expect-error: the network is in 8 bits
load('lenet5-bn-mnist-8bit').then((model) => model.stateDict());
// @ts-expect-error: a file that may hold either
load('some.safetensors').then((model) => model.stateDict());
// @ts-expect-error: an option that there is not
models.resnet20({ input: [32, 32, 3] });
// @ts-expect-error: an image has three sizes
models.resnet20({ inputShape: [32, 32] });
// @ts-expect-error: filters are a tensor
ops.adderConv2d(Tensor.zeros([1, 4, 4, 1]), new Float32Array(9));
// @ts-expect-error: rates are known by name
new Sgd([], { lr: 0.1, adder: { rate: 'fast', eta: 0.2 } });
