// What a request says of the one output, and which parameters it may have, over HTTP and gRPC alike.

import { badRequest } from './http-error';
import { outputName } from './input-tensor';
import { isObject, type Json, kindOf, parametersOf, quoted } from './request-json';

export interface OutputRequest {
  /** Whether it goes as bytes behind the JSON. */
  readonly binary: boolean;
  /** How many classes to name instead of the logits, as Triton's classification extension does; 0: the logits. */
  readonly classification: number;
}

/**
 * Parameters that would change the answer if they were understood. Those that schedule or trace a request (sequence_id, priority, timeout …),
 * and whatever else a client tells a server of its own, may be ignored.
 */
const changesAnswers = /^(binary_data(_size|_output)?|classification|shared_memory_.+)$/;

/** @throws {HttpError} 400 at one that changes answers, but not here */
export function checkParameters(owner: string, parameters: Json, known: readonly string[]): void {
  for (const [name, value] of Object.entries(parameters))
    if (value !== null && !known.includes(name) && changesAnswers.test(name))
      throw badRequest(`parameters of ${owner}: '${name}' is not supported there, expected ${known.join(' or ')}`);
}

/**
 * @param outputs    undefined, null or empty: the one output there is
 * @param parameters of the request: what one output asks for goes before what they ask for all
 * @throws {HttpError} 400
 */
export function outputRequest(outputs: unknown, parameters: Json): OutputRequest {
  checkParameters('the request', parameters, ['binary_data_output']);
  const all = flag('the request', 'binary_data_output', parameters.binary_data_output) ?? false;
  if (outputs === undefined || outputs === null || (Array.isArray(outputs) && outputs.length === 0))
    return { binary: all, classification: 0 };
  if (!Array.isArray(outputs)) throw badRequest(`outputs is ${kindOf(outputs)}, expected [{ "name": "${outputName}" }]`);
  const [output] = outputs as unknown[];
  if (outputs.length > 1 || !isObject(output) || output.name !== outputName)
    throw badRequest(
      `outputs: ${outputs.length > 1 ? `${outputs.length} of them` : isObject(output) ? `name is ${quoted(output.name)}` : kindOf(output)}, but there is '${outputName}' alone`,
    );
  const own = parametersOf('outputs[0]', output.parameters);
  const known = ['binary_data', 'classification'];
  checkParameters('outputs[0]', own, known);
  // An output has no parameters but those that say in which form it goes.
  const unknown = Object.keys(own).find((name) => !known.includes(name));
  if (unknown !== undefined) throw badRequest(`parameters of outputs[0]: there is no ${quoted(unknown)}, but ${known.join(', ')}`);
  return { binary: flag('outputs[0]', 'binary_data', own.binary_data) ?? all, classification: classCount(own.classification) };
}

function flag(owner: string, name: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw badRequest(`parameters of ${owner}: ${name} is ${quoted(value)}, expected true or false`);
  return value;
}

function classCount(value: unknown): number {
  const count = value ?? 0;
  if (!Number.isSafeInteger(count) || (count as number) < 0)
    throw badRequest(`parameters of outputs[0]: classification is ${quoted(value)}, expected the number of classes to name`);
  return count as number;
}
