// Formats of weights, networks and checkpoints: what is accepted is written and read again, and a network is compiled and run.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, layers, load, Model, QuantizedModel, quantize, Sgd, Tensor, type TensorData } from '../../dist';
import { parseTrainArguments } from '../../dist/cli/train-arguments';
import { describeModel } from '../../dist/files/float-file';
import { formatQuantized } from '../../dist/files/quantized-file';
import { ByteReader } from '../../dist/io/byte-reader';
import { describeFile, fileKind } from '../../dist/io/file-kinds';
import { parseJson } from '../../dist/io/json';
import { readNpy, storedNpyType } from '../../dist/io/npy';
import { unpickle } from '../../dist/io/pickle';
import { parseTensors } from '../../dist/io/read-tensors';
import { formatSafetensors, parseSafetensors } from '../../dist/io/safetensors';
import { Random } from '../../dist/random';
import { elementCount, shapeText } from '../../dist/shape';
import { loadCheckpoint, saveCheckpoint } from '../../dist/train/checkpoint';
import { npyFile } from '../support/npy-bytes';
import * as p from '../support/pickle-bytes';
import { legacyFile, orderedDict, stateDict, storage, storageId, tensor, zipFile } from '../support/pytorch-bytes';
import { smallMetadata, smallNetwork } from '../support/small-network';
import { normal } from '../support/tensors';
import { expect, type Target } from './target';
import { json, safetensorsHeader, zipEntry } from './within';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer => Buffer.from(buffer, byteOffset, byteLength);

function expectSameTensors(a: ReadonlyMap<string, Tensor<TensorData>>, b: ReadonlyMap<string, Tensor<TensorData>>): void {
  expect(a.size === b.size, `${a.size} tensors became ${b.size}`);
  for (const [name, { data, shape }] of a) {
    const other = b.get(name);
    expect(other !== undefined && shapeText(other.shape) === shapeText(shape), `the tensor ${name} was lost`);
    expect(bytesOf(data).equals(bytesOf(other.data)), `the tensor ${name} changed`);
  }
}

/** Reads a file of weights; written by this package and read again, it is the same. */
function readAndWrite(bytes: Uint8Array, key?: string): void {
  const file = parseTensors(bytes, 'file', { key, array: 'array' });
  const tensors = new Map([...file].filter(([name]) => name !== '__metadata__'));
  expectSameTensors(tensors, parseSafetensors(formatSafetensors(tensors)).tensors);
}

const smallTensors = () =>
  new Map<string, Tensor<TensorData>>([
    ['a', new Tensor(Float32Array.of(1, 2, 3, 4), [2, 2])],
    ['b.weight', new Tensor(Uint8Array.of(1, 2, 3), [3])],
    ['n', new Tensor(BigInt64Array.of(5n), [1])],
  ]);

/** With what the small network lacks: a shortcut, pools, a linear layer. */
function branchedNetwork(): Model {
  const random = new Random(2);
  return new Model(
    {
      conv1: new layers.Conv2d(1, 4, { kernel: 3, padding: 1, random }),
      pool: new layers.MaxPool2d({ kernel: 2 }),
      block: new layers.Residual(
        new layers.Sequential({ conv: new layers.AdderConv2d(4, 4, { kernel: 3, padding: 1, random }), bn: new layers.BatchNorm(4) }),
        undefined,
        { relu: true },
      ),
      tiles: new layers.WinogradAdderConv2d(4, 4, { padding: 1, bias: true, random }),
      mean: new layers.GlobalAveragePool2d(),
      flatten: new layers.Flatten(),
      fc: new layers.Linear(4, 3, { random }),
    },
    { ...smallMetadata, classNames: ['a', 'b', 'c'], training: { command: 'train', seed: 1, epochs: 2, accuracy: 0.5, images: 10 } },
  );
}

const fileOf = (model: Model): Uint8Array => formatSafetensors(model.stateDict(), describeModel(model, model.metadata));

/** A network that a file describes is compiled; of a small one, an image is classified. */
async function compileAndRun(network: Model | QuantizedModel): Promise<void> {
  using session = await compile(network);
  if (elementCount(network.inputShape) > 10_000) return;
  session.runSync(normal([1, ...network.inputShape], 1));
}

const quantized = async (bits: number) => await quantize(smallNetwork(), normal([4, 6, 6, 1], 1), { bits });

async function openNetwork(bytes: Uint8Array): Promise<void> {
  const network = await load(bytes, { onNote() {} });
  if (network instanceof QuantizedModel) {
    const again = await load(formatQuantized(network, network.metadata), { dtype: network.dtype });
    expect(JSON.stringify(again.metadata) === JSON.stringify(network.metadata), 'the metadata changed');
  } else {
    const again = await load(fileOf(network), { dtype: 'f32' });
    expectSameTensors(network.stateDict(), again.stateDict());
  }
  await compileAndRun(network);
}

const storages = [storage('0', 'FloatStorage', Float32Array.of(1, 2, 3, 4, 5, 6)), storage('1', 'HalfStorage', Uint16Array.of(1, 2, 3, 4))];
const [floats, halves] = storages.map((stored) => storageId(stored)) as [p.Code, p.Code];
const weights = stateDict(
  ['module.conv1.weight', tensor(floats, 0, [1, 2, 1, 3], [6, 3, 3, 1])],
  ['module.conv1.bias', tensor(floats, 2, [2], [2])],
  ['module.fc.weight', tensor(halves, 0, [2, 2], [1, 2])],
);
const array = p.build(
  p.reduce(p.global('numpy.core.multiarray', '_reconstruct'), p.tuple(p.global('numpy', 'ndarray'), p.tuple(p.int(0)), p.text('b'))),
  p.tuple(
    p.int(1),
    p.tuple(p.int(2)),
    p.build(
      p.reduce(p.global('numpy', 'dtype'), p.tuple(p.text('f4'), p.int(0), p.int(1))),
      p.tuple(p.int(3), p.text('<'), ...Array(3).fill(p.none)),
    ),
    p.bool(false),
    p.text('abcdefgh'),
  ),
);
const checkpointDict = p.dict([p.text('epoch'), p.int(3)], [p.text('state_dict'), weights], [p.text('ema'), weights]);
const moduleState = p.dict(
  [p.text('_parameters'), [...orderedDict, ...p.items([[p.text('weight'), tensor(floats, 0, [2], [1])]])]],
  [p.text('_buffers'), p.dict()],
  [p.text('_modules'), p.dict()],
);
const moduleObject = p.build(p.reduce(p.global('net', 'Net'), p.tuple()), moduleState);

const pickles = (): Uint8Array[] =>
  [
    weights,
    p.dict([p.text('array'), array]),
    p.list(p.int(1), p.float(2.5), p.none, p.long(1, 2, 3), p.bool(true), p.tuple(p.text('x'), p.int(70_000))),
    moduleObject,
  ].map((code) => p.pickle(code));

const opcodes = [
  '.',
  '(',
  '0',
  '2',
  'N',
  'K\x01',
  'J\xff\xff\xff\x7f',
  'h\x00',
  'q\x00',
  '\x94',
  ')',
  '}',
  ']',
  'a',
  'e',
  's',
  'u',
  't',
  '\x85',
  'R',
  'b',
  'Q',
  '\x8a\x04',
];
const pickleWords = [
  ...opcodes,
  'ctorch\nFloatStorage\n',
  'ctorch._utils\n_rebuild_tensor_v2\n',
  'cnumpy\ndtype\n',
  'I5\n',
  'L5L\n',
  'S"a"\n',
  'Vx\n',
  'F1.5\n',
  'p1\n',
  'g1\n',
];
const zip = () => [zipFile(weights, storages), zipFile(checkpointDict, storages), zipFile(moduleObject, storages)];

let temporary: string | undefined;
function checkpointPath(): string {
  temporary ??= join(mkdtempSync(join(tmpdir(), 'addernet-fuzz-')), 'checkpoint');
  return temporary;
}
const training = (() => {
  const model = smallNetwork();
  return { model, optimizer: new Sgd(model.parameters(), { lr: 0.1, momentum: 0.9 }), settings: { seed: 1, augment: true } };
})();

const decode = new TextDecoder('utf-8', { fatal: true });
function asText(bytes: Uint8Array): string | undefined {
  try {
    return decode.decode(bytes);
  } catch {
    return undefined;
  }
}

export const fileTargets: readonly Target[] = [
  {
    name: 'safetensors',
    corpus: () => [
      formatSafetensors(smallTensors()),
      formatSafetensors(smallTensors(), { format: 'pt', note: 'x' }, new Set(['a'])),
      formatSafetensors(new Map([['conv.weight', new Tensor(Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1])]]), { format: 'pt' }),
    ],
    words: ['"dtype":"F32"', '"BF16"', '"shape":', '"data_offsets":', '"__metadata__":', '"F64"', '"U16"', '"BOOL"'],
    within: [safetensorsHeader],
    run: (bytes) => readAndWrite(bytes),
  },
  {
    name: 'float network',
    corpus: () => [fileOf(smallNetwork()), fileOf(branchedNetwork()), formatSafetensors(smallNetwork().stateDict(), { format: 'pt' })],
    within: [safetensorsHeader],
    run: openNetwork,
  },
  {
    name: 'quantized network',
    corpus: async () => {
      const [bytes, wide, narrower] = [await quantized(8), await quantized(16), await quantized(10)];
      return [
        ...[bytes, wide, narrower].map((network) => formatQuantized(network, network.metadata)),
        readFileSync(join(__dirname, '../../test/fixtures/quantized/8-bits.safetensors')),
      ];
    },
    within: [safetensorsHeader],
    run: openNetwork,
  },
  {
    name: 'checkpoint',
    corpus: async () => {
      const epoch = {
        epoch: 1,
        learningRate: 0.1,
        loss: 1,
        accuracy: 0.5,
        seconds: 1,
        imagesPerSecond: 9,
        machine: 'a CPU, avx2, 2 threads',
        validation: { loss: 1, accuracy: 0.5 },
      };
      const current = { epoch: 1, step: 3, images: 9, loss: 2, correct: 1, seconds: 0.1 };
      await saveCheckpoint(checkpointPath(), training, { history: [epoch], current });
      return [readFileSync(checkpointPath())];
    },
    within: [safetensorsHeader],
    async run(bytes) {
      writeFileSync(checkpointPath(), bytes);
      const progress = await loadCheckpoint(checkpointPath(), training);
      expect(progress !== undefined && progress.history.length === progress.current.epoch, 'the progress is not whole');
      for (const value of Object.values(progress.current)) expect(Number.isFinite(value), 'the progress is not of numbers');
    },
  },
  {
    name: 'pickle',
    corpus: pickles,
    words: pickleWords,
    run: (bytes) => unpickle(new ByteReader(bytes, 'file'), 'file', (id) => id),
  },
  { name: 'weights in a pickle', corpus: pickles, words: pickleWords, run: (bytes) => readAndWrite(bytes) },
  { name: 'PyTorch ZIP', corpus: zip, words: pickleWords, within: [zipEntry], run: (bytes) => readAndWrite(bytes) },
  {
    name: 'PyTorch legacy',
    corpus: () => [legacyFile(weights, storages), legacyFile(checkpointDict, storages)],
    words: pickleWords,
    run: (bytes) => readAndWrite(bytes),
  },
  {
    name: 'state-dict key',
    corpus: () => ['state_dict', 'ema', 'state_dict.module', 'epoch', '0.a', ''].map((key) => Buffer.from(key)),
    words: ['state_dict', 'module', 'conv1', '.', 'weight', '__proto__', 'constructor'],
    run: (() => {
      const [, file] = zip();
      return (bytes: Uint8Array) => readAndWrite(file!, Buffer.from(bytes).toString());
    })(),
  },
  {
    name: 'npy',
    corpus: () => [
      npyFile('<f4', '(2, 1)', Buffer.alloc(8, 1)),
      npyFile('<i2', '(2, 3)', Buffer.alloc(12, 7), { order: 'True' }),
      npyFile('|b1', '()', Buffer.of(1), { version: 2 }),
      npyFile('<f2', '(4,)', Buffer.alloc(8, 3), { version: 3 }),
    ],
    words: ["'descr': '<f8'", "'fortran_order': True", "'shape': (", '<u4', '|u1', '<i8', '(1, 2, 3)', '\x93NUMPY'],
    run(bytes) {
      const { size, shape } = readNpy(bytes);
      expect(size === elementCount(shape), 'the shape does not fit');
      expect(storedNpyType(bytes, 'file') !== '', 'there is no type');
    },
  },
  {
    name: 'kind of file',
    corpus: () =>
      [
        ...[
          '<!DOCTYPE html><html>',
          '<?xml version="1.0"?><svg>',
          'version https://git-lfs.github.com/spec/v1',
          '\x1f\x8b\x08',
          '\x89HDF\r\n\x1a\n',
          'GGUF',
          'BM',
        ],
        ...[
          '\x89PNG\r\n\x1a\n',
          'II*\0',
          '\0\0\x08\x03aaaabbbbcccc',
          '(dp1\n.',
          '\x08\x01\x12',
          '{ "a": 1 }',
          'SQLite format 3\0',
          'L119547037146038801333356L\n.',
        ],
      ].map((text) => Buffer.from(text, 'latin1')),
    run(bytes) {
      const text = describeFile(bytes);
      expect(text === undefined || text.length < 1000, 'a long description');
      expect((fileKind(bytes) === undefined) === (text === undefined), 'a kind without a description');
    },
  },
  {
    name: 'JSON',
    corpus: () => ['{"a":[1,2,{"b":"c\\"d"}],"e":null}', '[[[]]]', '"x"', '{"a":{"a":1}}'].map((text) => Buffer.from(text)),
    words: ['"a":', '\\"', '\\u0061', '{"', '"}', '],['],
    within: [json],
    run(bytes) {
      const text = asText(bytes);
      if (text === undefined) return;
      const value = parseJson(text, 'file');
      expect(JSON.stringify(value) === JSON.stringify(JSON.parse(text)), 'another value than of JSON.parse');
    },
  },
  {
    name: 'arguments of a run',
    corpus: () =>
      [
        { kind: 'adder', dataset: 'digits', epochs: 10, lr: 0.1, rate: 'adaptive', gradient: 'full', momentum: 0.9, seed: 1 },
        { unit: 'conv', dataset: 'folder', data: 'images', imageSize: [64, 96], freeze: ['conv1', 'fc'], skipBad: true, patience: 3 },
      ].map((args) => Buffer.from(JSON.stringify(args))),
    words: ['"epochs":', '"imageSize":', '"freeze":', '"__proto__":', '1e400', '-0', 'null'],
    within: [json],
    run(bytes) {
      const text = asText(bytes);
      if (text === undefined) return;
      const args = parseTrainArguments(text, 'file');
      expect(JSON.stringify(parseTrainArguments(JSON.stringify(args), 'file')) === JSON.stringify(args), 'arguments changed');
    },
  },
];
