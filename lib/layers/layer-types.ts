// The layers that a file can describe: each type, with the arguments of its constructor. describeLayer and buildLayer (describe.ts, build.ts) use
// this table. A new layer needs a row here and config() in its class.
import { AdderNetError } from '../errors';
import type { Random } from '../random';
import type { Padding, Pair } from '../shape';
import { AdderConv2d, type FilterGradient } from './adder-conv2d';
import { BatchNorm } from './batch-norm';
import { Conv2d } from './conv2d';
import { Flatten } from './flatten';
import type { Layer } from './layer';
import { Linear } from './linear';
import { AveragePool2d, GlobalAveragePool2d, MaxPool2d } from './pool';
import { Relu } from './relu';
import { Residual } from './residual';
import { Sequential } from './sequential';
import { SymmetricPad2d } from './symmetric-pad';
import { WinogradAdderConv2d } from './winograd-adder-conv2d';
import { XnorConv2d } from './xnor-conv2d';

/** Reads a value of a file, which may be anything: undefined if it has another type. The constructor checks ranges. */
export type Field<T> = (value: unknown, read: (description: unknown) => Layer) => T | undefined;
type Fields = Readonly<Record<string, Field<unknown>>>;
type ValuesOf<F extends Fields> = { readonly [K in keyof F]: Exclude<ReturnType<F[K]>, undefined> };

export interface LayerType {
  readonly layer: new (...args: never[]) => Layer;
  readonly fields: Fields;
  /** Fields that may be missing. */
  readonly optional: readonly string[];
  /** How many numbers the state of the layer itself holds, known before it is built. */
  readonly elements: (values: never) => number;
  readonly build: (values: never, random: Random | null) => Layer;
}

function layerType<F extends Fields>(
  layer: LayerType['layer'],
  fields: F,
  build: (values: ValuesOf<F>, random: Random | null) => Layer,
  elements: (values: ValuesOf<F>) => number = () => 0,
  optional: readonly (keyof F & string)[] = [],
): LayerType {
  return { layer, fields, optional, elements, build };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const count: Field<number> = (value) => (isCount(value) ? value : undefined);
const number: Field<number> = (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
const flag: Field<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
const word: Field<string> = (value) => (typeof value === 'string' ? value : undefined);
const pair: Field<Pair> = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isCount) ? (value as [number, number]) : undefined;
const padding: Field<Padding> = (value) =>
  Array.isArray(value) && (value.length === 2 || value.length === 4) && value.every(isCount) ? (value as unknown as Padding) : undefined;
const words: Field<string[]> = (value) => (Array.isArray(value) && value.every((name) => word(name, noLayer)) ? value : undefined);
const layer: Field<Layer> = (value, read) => read(value);
const sequential: Field<Sequential> = (value, read) => {
  const found = read(value);
  return found instanceof Sequential ? found : undefined;
};
const layers: Field<Layer[]> = (value, read) => (Array.isArray(value) ? value.map(read) : undefined);
const noLayer = (): never => {
  throw new TypeError('no layer belongs here');
};

const window = { kernel: pair, stride: pair, padding };
const convolution = { inputs: count, outputs: count, ...window, dilation: pair, groups: count, bias: flag };
type ConvolutionValues = ValuesOf<typeof convolution>;

const convolutionElements = ({ inputs, outputs, kernel, groups, bias }: ConvolutionValues): number => {
  const [kh, kw] = kernel as readonly [number, number];
  return outputs * kh * kw * (inputs / groups) + (bias ? outputs : 0);
};

function named(names: readonly string[] | undefined, inside: readonly Layer[]): readonly Layer[] | Record<string, Layer> {
  if (!names) return inside;
  if (names.length !== inside.length || new Set(names).size !== names.length)
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `Sequential: ${names.length} names for ${inside.length} layers, expected a different name for each`,
    );
  return Object.fromEntries(names.map((name, i) => [name, inside[i]!]));
}

/** How deep a file may nest layers, and how many it may have. */
export const maxDepth = 64;
export const maxLayers = 10_000;

/** The keys are the names in files, which do not change when a bundler renames the classes. */
export const layerTypes: ReadonlyMap<string, LayerType> = new Map(
  Object.entries({
    AdderConv2d: layerType(
      AdderConv2d,
      { ...convolution, center: flag, filterGradient: word },
      ({ inputs, outputs, filterGradient, ...options }, random) =>
        new AdderConv2d(inputs, outputs, { ...options, filterGradient: filterGradient as FilterGradient, random }),
      convolutionElements,
      ['center'],
    ),
    Conv2d: layerType(
      Conv2d,
      convolution,
      ({ inputs, outputs, ...options }, random) => new Conv2d(inputs, outputs, { ...options, random }),
      convolutionElements,
    ),
    WinogradAdderConv2d: layerType(
      WinogradAdderConv2d,
      { inputs: count, outputs: count, padding, bias: flag },
      ({ inputs, outputs, ...options }, random) => new WinogradAdderConv2d(inputs, outputs, { ...options, random }),
      ({ inputs, outputs, bias }) => 16 * outputs * inputs + (bias ? outputs : 0),
    ),
    XnorConv2d: layerType(
      XnorConv2d,
      convolution,
      ({ inputs, outputs, ...options }, random) => new XnorConv2d(inputs, outputs, { ...options, random }),
      convolutionElements,
    ),
    Linear: layerType(
      Linear,
      { inputs: count, outputs: count, bias: flag },
      ({ inputs, outputs, bias }, random) => new Linear(inputs, outputs, { bias, random }),
      ({ inputs, outputs, bias }) => outputs * inputs + (bias ? outputs : 0),
    ),
    BatchNorm: layerType(
      BatchNorm,
      { channels: count, epsilon: number, momentum: number },
      ({ channels, ...options }) => new BatchNorm(channels, options),
      ({ channels }) => 4 * channels,
    ),
    Relu: layerType(Relu, {}, () => new Relu()),
    MaxPool2d: layerType(MaxPool2d, window, (options) => new MaxPool2d(options)),
    AveragePool2d: layerType(AveragePool2d, window, (options) => new AveragePool2d(options)),
    GlobalAveragePool2d: layerType(GlobalAveragePool2d, {}, () => new GlobalAveragePool2d()),
    SymmetricPad2d: layerType(SymmetricPad2d, {}, () => new SymmetricPad2d()),
    Flatten: layerType(Flatten, {}, () => new Flatten()),
    Residual: layerType(
      Residual,
      { body: sequential, downsample: layer, relu: flag },
      ({ body, downsample, relu }) => new Residual(body, downsample, { relu }),
      undefined,
      ['downsample'],
    ),
    Sequential: layerType(Sequential, { names: words, layers }, ({ names, layers }) => new Sequential(named(names, layers)), undefined, [
      'names',
    ]),
  }),
);
