// All that a training run needs to resume with bit-identical results: parameters, running statistics, their averages, momentum, and how far the
// epoch has come. Random numbers need no state: those of a batch follow from the seed, the epoch and the step.
import { readFile } from 'node:fs/promises';
import { unitToKind } from '../conv-kind';
import { AdderNetError } from '../errors';
import { parseJson } from '../io/json';
import { formatSafetensors, parseSafetensors } from '../io/safetensors';
import { checkVersion, formatVersion } from '../io/version';
import { writeFileAtomic } from '../io/write-file';
import { copyState, type StateDict } from '../layers/state';
import type { Model } from '../models';
import type { Sgd } from '../optim';
import { check, integer, isRecord, listOf, number, objectWith, optional, recordOf, rule, text } from '../schema';
import type { EpochRecord, Progress } from './progress';
import type { WeightAverage } from './weight-average';

/** What must be the same when a training run is resumed. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

export interface Checkpoint {
  readonly model: Model;
  readonly optimizer: Sgd;
  readonly average?: WeightAverage | undefined;
  readonly settings: Settings;
}

const metadataKey = 'addernet.training';

/** Names of CPUs are short. */
const maxMachineLength = 1000;
const count = integer();
/** A loss of the caller's may be negative, and count parts of images. */
const measured = { loss: number(), accuracy: number() };
/** Validation may end in a NaN or an infinity, which is null in JSON. */
const lossOfValidation = rule<number | null>('a number', (value) => value === null || Number.isFinite(value));
const descriptionRule = objectWith({
  settings: recordOf(
    rule<string | number | boolean>('text, a number or true or false', (value) => ['string', 'number', 'boolean'].includes(typeof value)),
  ),
  progress: objectWith({
    history: listOf(
      objectWith({
        ...{ epoch: integer(1), learningRate: number(0), ...measured, seconds: number(0), imagesPerSecond: number(0) },
        machine: optional(text(maxMachineLength)),
        validation: optional(objectWith({ ...measured, loss: lossOfValidation })),
      }),
      'a list of epochs',
    ),
    current: objectWith({ epoch: count, step: count, images: count, loss: number(), correct: number(), seconds: number(0) }),
  }),
});

/**
 * Writes a checkpoint atomically.
 * @throws {AdderNetError} ERR_DIVERGED if a number is not finite, in which case the file keeps the last good state; ERR_ARGUMENT if it
 *   cannot be written
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint, progress: Progress): Promise<void> {
  const state = stateOf(checkpoint);
  for (const [name, { data }] of state)
    if (!data.every(Number.isFinite))
      throw new AdderNetError('ERR_DIVERGED', `${name} holds a NaN or an infinity: the checkpoint '${path}' stays as it was`);
  const bytes = formatSafetensors(state, {
    [metadataKey]: JSON.stringify({ version: formatVersion, settings: checkpoint.settings, progress }),
  });
  await writeFileAtomic(path, bytes, 'the checkpoint');
}

/**
 * Restores a training run to where its checkpoint was written; undefined, and nothing changed, if there is no such file.
 * @throws {AdderNetError} ERR_ARGUMENT if the checkpoint is of a run with other settings; ERR_FORMAT, ERR_CORRUPT, ERR_SHAPE or ERR_DTYPE if it
 *   is damaged or of another network. Then nothing was changed
 */
export async function loadCheckpoint(path: string, checkpoint: Checkpoint): Promise<Progress | undefined> {
  const bytes = await readIfThere(path);
  if (!bytes) return undefined;
  const { tensors, metadata } = parseSafetensors(bytes, path);
  const { settings, progress } = parseMetadata(path, metadata[metadataKey]);
  for (const [name, value] of Object.entries(checkpoint.settings))
    if (settings[name] !== value)
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `the checkpoint '${path}' is of a training run with ${name} ${String(settings[name])}, not ${String(value)}: continue with the same, or start again with another file`,
      );
  copyState(stateOf(checkpoint), tensors, true);
  return progress;
}

/** The live tensors; a prefix of their names says what they are. */
function stateOf({ model, optimizer, average }: Checkpoint): StateDict {
  const state: StateDict = new Map();
  for (const [name, tensor] of model.stateDict()) state.set(`model.${name}`, tensor);
  for (const [name, parameter] of model.namedParameters()) {
    const velocity = optimizer.velocity(parameter);
    if (velocity) state.set(`velocity.${name}`, velocity);
  }
  for (const [name, tensor] of average?.state ?? []) state.set(`average.${name}`, tensor);
  return state;
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AdderNetError('ERR_ARGUMENT', `cannot read the checkpoint '${path}': ${(cause as Error).message}`, { cause });
  }
}

function parseMetadata(path: string, json: string | undefined): { settings: Settings; progress: Progress } {
  if (json === undefined)
    throw new AdderNetError('ERR_FORMAT', `'${path}' is not a checkpoint of a training run: it has no metadata '${metadataKey}'`);
  const what = `the checkpoint '${path}'`;
  const description = parseJson(json, what);
  check(what, description, rule<Record<string, unknown>>('an object', isRecord));
  checkVersion(path, description.version ?? 1);
  // Version 1 has `place` where later ones have `current`.
  const progress = isRecord(description.progress) && { current: description.progress.place, ...description.progress };
  const checked = { settings: description.settings, progress };
  check(what, checked, descriptionRule);
  const { history, current } = checked.progress;
  if (current.epoch !== history.length)
    throw new AdderNetError('ERR_CORRUPT', `${what}: it is in epoch ${current.epoch} after ${history.length} finished ones`);
  const records = history.map(
    ({ validation, ...record }): EpochRecord =>
      validation === undefined ? record : { ...record, validation: { ...validation, loss: validation.loss ?? Number.NaN } },
  );
  return { settings: unitToKind(checked.settings) as Settings, progress: { history: records, current } };
}
