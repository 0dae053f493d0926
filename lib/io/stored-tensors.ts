// From the tensors as a format stores them to a TensorFile.
import { AdderNetError } from '../errors';
import { quoted } from '../quoted';
import { Tensor, type TensorData } from '../tensor';
import { type StoredTensors, TensorFile } from './tensor-file';
import { unwrapNames } from './wrapper-prefix';

/** Drops the prefixes of wrappers, converts floats to f32, and collects the notes. */
export function tensorFile(stored: StoredTensors, info: Pick<TensorFile, 'name' | 'format' | 'metadata' | 'layout'>): TensorFile {
  const storedNames = [...stored.tensors.keys()];
  const { names, prefix } = info.layout === 'addernet' ? { names: storedNames, prefix: '' } : unwrapNames(storedNames);
  const tensors = new Map<string, Tensor<TensorData>>();
  const storedTypes = new Map<string, string>();
  const wasRounded: string[] = [];
  const reasons = new Map(stored.leftOut);
  const f32 = rounded(stored.tensors);
  for (const [i, storedName] of storedNames.entries()) {
    const name = names[i];
    const type = stored.storedTypes.get(storedName)!;
    if (name === undefined) {
      reasons.set(storedName, 'it is the counter of an averaging wrapper');
      continue;
    }
    tensors.set(name, f32.get(storedName)!);
    storedTypes.set(name, type);
    if (type === 'f64') wasRounded.push(name);
  }
  const notes = [...(stored.notes ?? []), ...notesOf(wasRounded, 'rounded from f64 to f32'), ...leftOutNotes(reasons)];
  if (tensors.size === 0 && reasons.size > 0)
    throw new AdderNetError('ERR_FORMAT', `${info.name}: no tensors that can be read: ${notes.join(' ')}`);
  return new TensorFile(tensors, { ...info, storedTypes, notes, droppedPrefix: prefix });
}

/** Floats as f32. */
export function rounded(tensors: StoredTensors['tensors']): Map<string, Tensor<TensorData>> {
  const round = (tensor: Tensor<TensorData>) =>
    tensor.dtype === 'f64' ? new Tensor(new Float32Array(tensor.data as Float64Array), tensor.shape) : tensor;
  return new Map([...tensors].map(([name, tensor]) => [name, round(tensor)]));
}

function leftOutNotes(reasons: ReadonlyMap<string, string>): string[] {
  const byReason = new Map<string, string[]>();
  for (const [name, reason] of reasons) {
    const names = byReason.get(reason);
    if (names) names.push(name);
    else byReason.set(reason, [name]);
  }
  return [...byReason].flatMap(([reason, names]) => notesOf(names, `left out: ${reason}`));
}

/** A sentence about some tensors; nothing if there are none. */
function notesOf(names: readonly string[], done: string): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).map(quoted).join(', ');
  if (names.length === 1) return [`${shown} was ${done}.`];
  return [`${names.length} tensors were ${done} (${shown}${names.length > 3 ? ', ...' : ''}).`];
}
