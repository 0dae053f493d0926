// A Winograd network that starts from a trained adder network.
import { AdderNetError } from '../errors';
import type { AdderConv2dOptions, LayerDescription, Sequential } from '../layers';
import { buildLayer } from '../layers/build';
import { Tensor } from '../tensor';
import { changeLayers, describeNetwork } from './layer-descriptions';
import { checkModel, Model } from './model';
import { isPlain3x3 } from './network-parts';

/**
 * Copies an adder network as one of kind 'adder-winograd', to be trained on: its adder layers with 3x3 windows at stride 1 become
 * WinogradAdderConv2d, and all others keep their weights. The new filters are `U = G g Gᵀ` of the old ones,
 * `G = [−1 0 0; ½ ½ ½; ½ −½ ½; 0 0 −1]`: products in place of distances would give the same outputs. Distances do not, so the copy is a start,
 * and its accuracy has to be trained.
 * @throws {AdderNetError} ERR_ARGUMENT unless `model` is a network of kind 'adder' with such layers, all of them of the package
 */
export function toWinograd(model: Model): Model {
  const op = 'toWinograd';
  checkModel(op, model);
  if (model.kind !== 'adder') throw new AdderNetError('ERR_ARGUMENT', `${op}: ${model.name} is of kind '${model.kind}', expected 'adder'`);
  const changed = new Set<string>();
  const description = changeLayers(describeNetwork(op, model), (name, layer) => {
    if (!isWindowed(layer)) return layer;
    changed.add(name);
    const { inputs, outputs, padding, bias } = layer;
    return { type: 'WinogradAdderConv2d', inputs, outputs, padding, bias };
  });
  if (changed.size === 0) throw new AdderNetError('ERR_ARGUMENT', `${op}: ${model.name} has no adder layers with 3x3 windows at stride 1`);
  const { training: _, ...metadata } = model.metadata;
  const copy = new Model(buildLayer(description, { random: null }) as Sequential, { ...metadata, kind: 'adder-winograd' });
  const state = [...model.stateDict()].map(([key, tensor]) => {
    const [name, suffix] = [key.slice(0, key.lastIndexOf('.')), key.slice(key.lastIndexOf('.') + 1)];
    return suffix === 'adder' && changed.has(name) ? ([`${name}.filters`, transformFilters(tensor)] as const) : ([key, tensor] as const);
  });
  copy.loadStateDict(new Map(state));
  return copy;
}

type AdderDescription = LayerDescription & AdderConv2dOptions;
const isWindowed = (layer: LayerDescription): layer is AdderDescription =>
  layer.type === 'AdderConv2d' && isPlain3x3(layer as AdderDescription);

/** G, which goes with the B^T and A^T of native/kernels/winograd_kernels.h. */
const g = [
  [-1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, -1],
] as const;

/**
 * U = G g Gᵀ of each filter and channel.
 * @param filters [co,3,3,ci]
 * @returns [4,4,co,ci]
 */
export function transformFilters({ data, shape }: Tensor): Tensor {
  const [co, , , ci] = shape as [number, number, number, number];
  const u = Tensor.zeros([4, 4, co, ci]);
  g.forEach((left, i) => {
    g.forEach((right, j) => {
      for (let filter = 0; filter < co; filter++)
        for (let channel = 0; channel < ci; channel++) {
          let sum = 0;
          left.forEach((a, row) => {
            right.forEach((b, column) => {
              sum += a * b * data[((filter * 3 + row) * 3 + column) * ci + channel]!;
            });
          });
          u.data[((4 * i + j) * co + filter) * ci + channel] = sum;
        }
    });
  });
  return u;
}
