// Weights from other programs, such as the .pth files of AdderNet's authors. Names and shapes identify the network; what they leave open is
// assumed and reported.

import { AdderNetError } from '../errors';
import type { TensorFile } from '../io/tensor-file';
import { createModel, type InputShape, type Model, type ModelName, type NetworkKind } from '../models';
import { closestNetwork, type Likeness, unknownNetwork } from '../models/identify';
import { shown } from '../quoted';
import { shapeText } from '../shape';
import type { LoadOptions } from './load-options';

/**
 * Builds the network of the weights of another program.
 * @param note is called with each assumption, a whole sentence
 * @throws {AdderNetError} ERR_FORMAT if the weights fit no network; ERR_ARGUMENT if an option contradicts them; ERR_SHAPE
 */
export function foreignNetwork(file: TensorFile, options: LoadOptions, note: (text: string) => void): Model {
  const { model: name, kind, classes, inputShape, normalization, classNames } = options;
  if (name !== undefined) createModel(name, { seed: null }); // refuses unknown names
  const { likeness, state } = laidOut(file, options, note);
  const fits = likeness.differing.length === 0;
  if (!fits && inputShape) checkInputFits(state, { ...options, inputShape });
  if (name === undefined && !fits) throw withAdvice(unknownNetwork(file.name, state, likeness));
  checkContradiction(file, 'classes', classes, likeness.classes);
  if (kind !== undefined && likeOf(kind) !== likeness.kind)
    throw new AdderNetError('ERR_ARGUMENT', `load: kind is '${kind}', but the layers of ${file.name} are of kind '${likeness.kind}'`);
  const model = createModel(likeness.name, {
    kind: kind ?? likeness.kind,
    classes: likeness.classes,
    inputShape: fits ? likeness.inputShape : inputShape,
    normalization,
    classNames,
    seed: null,
  });
  model.loadStateDict(state);
  noteAssumptions(file, model, options, note);
  return model;
}

/** The kind that its names and shapes look like. */
const likeOf = (kind: NetworkKind): NetworkKind => (kind === 'xnor' ? 'conv' : kind);

/** @throws {AdderNetError} ERR_ARGUMENT if an option is given and contradicts the file */
export function checkContradiction(file: TensorFile, name: string, given: unknown, stored: unknown): void {
  if (given !== undefined && String(given) !== String(stored))
    throw new AdderNetError('ERR_ARGUMENT', `load: ${name} is ${shown(given)}, but ${file.name} says ${shown(stored)}: leave it out`);
}

/** Where the file does not say whether filters are [co,kh,kw,ci], as here, or [co,ci,kh,kw], as in PyTorch, the network that they fit decides. */
function laidOut(
  file: TensorFile,
  { model, inputShape }: LoadOptions,
  note: (text: string) => void,
): { likeness: Likeness; state: TensorFile } {
  const options = { model: model as ModelName | undefined, inputShape };
  const asStored = { state: file, likeness: closestNetwork(file, options, file.name) };
  if (file.layout !== 'unknown') return asStored;
  const transposed = file.toPytorchLayout();
  const asPytorch = { state: transposed, likeness: closestNetwork(transposed, options, file.name) };
  const [misfits, pytorchMisfits] = [asStored.likeness.differing.length, asPytorch.likeness.differing.length];
  if (misfits === 0 && pytorchMisfits === 0)
    note(`${file.name} does not say in which order its filters are, and both fit: [co,kh,kw,ci], the order of this package, was assumed.`);
  return pytorchMisfits < misfits ? asPytorch : asStored;
}

/** Checks whether only the size of the images does not fit. */
function checkInputFits(state: TensorFile, { model, inputShape }: LoadOptions & { inputShape: InputShape }): void {
  const { name, differing, inputShape: fitting } = closestNetwork(state, { model: model as ModelName | undefined }, state.name);
  if (differing.length === 0)
    throw new AdderNetError(
      'ERR_SHAPE',
      `load: inputShape is ${shapeText(inputShape)}, but the weights of ${state.name} are those of ${name} for ${shapeText(fitting)}`,
    );
}

function noteAssumptions(file: TensorFile, model: Model, given: LoadOptions, note: (text: string) => void): void {
  const { name, kind, normalization, inputShape, metadata, classNames } = model;
  const { mean, std } = normalization;
  const unsaid: [keyof LoadOptions, string, string][] = [
    ['normalization', 'how images are normalized', `mean ${shapeText(mean)} and std ${shapeText(std)}, as for ${metadata.dataset}`],
    ['inputShape', 'how large images are', `${shapeText(inputShape)}, as for ${name}`],
  ];
  if (classNames) unsaid.push(['classNames', 'what its classes are called', `the names of ${metadata.dataset}`]);
  if (kind === 'conv') unsaid.push(['kind', 'whether its layers multiply or are binary', "kind 'conv'"]);
  const assumed = unsaid
    .filter(([option]) => given[option] === undefined)
    .map(([, what, assumption]) => `${what} (assumed: ${assumption})`);
  if (assumed.length > 0) note(`${file.name} does not say ${assumed.join('; ')}.`);
}

const withAdvice = (error: AdderNetError): AdderNetError =>
  new AdderNetError(error.code, `${error.message}. A custom network takes these weights by model.loadStateDict(await readTensors(file))`, {
    cause: error,
  });
