// What --weights, --model, --kind and --image-size name.
import type { Dataset } from '../data/dataset';
import { AdderNetError } from '../errors';
import { type LoadOptions, load } from '../files';
import { storedMetadata } from '../files/float-file';
import { readWeights } from '../files/read-weights';
import { Model, type NetworkKind } from '../models';
import type { QuantizedModel } from '../quantize';
import { dataRules } from './data-rules';
import { printNote } from './notes';
import { checkApply } from './option-rules';

export interface NetworkArguments {
  weights: string;
  /** Needed only if the file does not name its network; a file with another network is rejected. */
  model?: string;
  kind?: NetworkKind;
  /** The size of images in folders, if it differs from the network's own. */
  imageSize?: readonly [height: number, width: number];
  dataset?: string;
}

/** @throws {AdderNetError} ERR_ARGUMENT if the file contains another network than the arguments say; what `load` throws */
export async function openNetwork({ weights, model, kind, imageSize, dataset }: NetworkArguments): Promise<Model | QuantizedModel> {
  const { network, notes } = await loadWithNotes(weights, { model, kind });
  if (imageSize) checkApply({ imageSize }, { dataset: dataset ?? network.metadata.dataset }, dataRules);
  const [, , channels] = network.inputShape;
  const resized = imageSize && (await loadWithNotes(weights, { model, kind, inputShape: [...imageSize, channels] }));
  for (const note of (resized ?? { notes }).notes) printNote(note);
  return (resized ?? { network }).network;
}

/**
 * Opens a float network.
 * @param what the command, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if the network is quantized; what openNetwork throws
 */
export async function openFloatNetwork(what: string, args: NetworkArguments): Promise<Model> {
  const network = await openNetwork(args);
  if (network instanceof Model) return network;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${what}: ${args.weights} is already quantized to ${network.bits} bits; expected the float network it was made from`,
  );
}

/**
 * Gives the network the class names of a data set if its file has none. They replace the class names that `load` assumes.
 * @param weights the file
 */
export async function withClassNames<Network extends Model | QuantizedModel>(
  network: Network,
  weights: string,
  { name, classes, classNames }: Dataset,
): Promise<Network | Model> {
  const { metadata } = network;
  if (!(network instanceof Model) || !classNames || classes !== metadata.classes || sameList(classNames, metadata.classNames))
    return network;
  if (storedMetadata(await readWeights(weights)) !== undefined) return network;
  printNote(`${weights}: its classes get the names of the classes of ${name}, in the same order.`);
  return new Model(network, { ...network.metadata, classNames });
}

const sameList = (a: readonly string[], b: readonly string[] | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

async function loadWithNotes(weights: string, options: LoadOptions): Promise<{ network: Model | QuantizedModel; notes: string[] }> {
  const notes: string[] = [];
  const network = await load(weights, { ...options, onNote: (note) => notes.push(note) }).catch(async (error) => {
    throw (await contradiction(weights, options)) ?? error;
  });
  return { network, notes };
}

/** The error for a file that contains another network than the options say; undefined if that is not the problem. */
async function contradiction(weights: string, { model, kind }: LoadOptions): Promise<AdderNetError | undefined> {
  const actual = await load(weights, { onNote() {} }).catch(() => undefined);
  const wrong =
    actual && model !== undefined && actual.name !== model
      ? `--model ${model}`
      : actual && kind !== undefined && actual.kind !== kind
        ? `--kind ${kind}`
        : undefined;
  return wrong === undefined || !actual
    ? undefined
    : new AdderNetError(
        'ERR_ARGUMENT',
        `${weights} contains the network ${actual.name} of kind ${actual.kind}, which contradicts ${wrong}: leave the option out`,
      );
}
