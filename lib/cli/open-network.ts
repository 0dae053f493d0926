// What --weights, --model, --kind and --image-size name.
import type { Dataset } from '../data/dataset';
import { AdderNetError } from '../errors';
import { type LoadOptions, load } from '../files';
import { ownMetadata } from '../files/own-file';
import { readWeights } from '../files/read-weights';
import { type ConvKind, Model } from '../models';
import type { QuantizedModel } from '../quantize';
import { dataRules } from './data-rules';
import { printNote } from './notes';
import { checkApply } from './option-rules';

export interface NetworkArguments {
  weights: string;
  /** Given only where the file does not say so itself; a file that holds another network is refused. */
  model?: string;
  kind?: ConvKind;
  /** Of images in folders, where it is not the network's own. */
  imageSize?: readonly [height: number, width: number];
  dataset?: string;
}

/** @throws {AdderNetError} ERR_ARGUMENT if the file holds another network than the arguments say; what loading throws */
export async function openNetwork({ weights, model, kind, imageSize, dataset }: NetworkArguments): Promise<Model | QuantizedModel> {
  const { network, notes } = await loadWithNotes(weights, { model, kind });
  if (imageSize) checkApply({ imageSize }, { dataset: dataset ?? network.metadata.dataset }, dataRules);
  const [, , channels] = network.inputShape;
  const resized = imageSize && (await loadWithNotes(weights, { model, kind, inputShape: [...imageSize, channels] }));
  for (const note of (resized ?? { notes }).notes) printNote(note);
  return (resized ?? { network }).network;
}

/**
 * The same for what takes float networks alone.
 * @param what the command, for messages
 * @throws {AdderNetError} ERR_ARGUMENT if the network is quantized; as openNetwork
 */
export async function openFloatNetwork(what: string, args: NetworkArguments): Promise<Model> {
  const network = await openNetwork(args);
  if (network instanceof Model) return network;
  throw new AdderNetError(
    'ERR_ARGUMENT',
    `${what}: ${args.weights} is quantized already, to ${network.bits} bits; expected the float network it was made from`,
  );
}

/**
 * The network with the class names of a data set, where its file has none: those that loading assumes are of no account then.
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
  if (ownMetadata(await readWeights(weights)) !== undefined) return network;
  printNote(`${weights}: its classes are called as those of ${name}, in their order.`);
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

/** Where a file holds another network than it is said to hold, that is what is wrong with it; undefined otherwise. */
async function contradiction(weights: string, { model, kind }: LoadOptions): Promise<AdderNetError | undefined> {
  const held = await load(weights, { onNote() {} }).catch(() => undefined);
  const wrong =
    held && model !== undefined && held.name !== model
      ? `--model ${model}`
      : held && kind !== undefined && held.kind !== kind
        ? `--kind ${kind}`
        : undefined;
  return wrong === undefined || !held
    ? undefined
    : new AdderNetError(
        'ERR_ARGUMENT',
        `${weights} holds the network ${held.name} of kind ${held.kind}, which ${wrong} contradicts: leave it out`,
      );
}
