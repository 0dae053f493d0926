// Which network is this? A file of weights names it by its keys and their shapes.
import { AdderNetError } from '../errors';
import { compareStates, type LoadedState, nameList } from '../layers/state';
import { shapeText } from '../shape';
import { createModel, type ModelName, modelNames } from './registry';
import { type Unit, units } from './unit';

export interface Identity {
  readonly name: ModelName;
  readonly unit: Unit;
  readonly classes: number;
}

/**
 * Names and shapes do not tell binary units from ordinary ones: such a state counts as of unit 'conv'.
 * @param state tensors by name, without PyTorch's `module.` prefix; filters [co,kh,kw,ci]
 * @throws {AdderNetError} ERR_FORMAT with what was seen if no network has these names and shapes
 */
export function identify(state: LoadedState): Identity {
  const classes = (state.get('fc.adder') ?? state.get('fc.weight'))?.shape[0];
  if (classes === undefined) throw new AdderNetError('ERR_FORMAT', `identify: no classifier, fc.weight or fc.adder, among ${seen(state)}`);
  let closest: { text: string; names: readonly string[] } | undefined;
  for (const name of modelNames)
    for (const unit of units) {
      const { missing, unexpected, misshapen } = compareStates(createModel(name, { unit, classes, seed: null }).stateDict(), state);
      const names = [...missing, ...unexpected, ...misshapen];
      if (names.length === 0) return { name, unit, classes };
      if (!closest || names.length < closest.names.length) closest = { text: `${name} with unit '${unit}'`, names };
    }
  throw new AdderNetError(
    'ERR_FORMAT',
    `identify: no network fits ${seen(state)}. Closest is ${closest?.text}, from which ${nameList(closest?.names ?? [])} differ`,
  );
}

const seen = (state: LoadedState): string =>
  `${state.size} tensors: ${nameList([...state].map(([name, tensor]) => `${name} ${shapeText(tensor.shape)}`))}`;
