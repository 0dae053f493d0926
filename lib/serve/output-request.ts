// What a request asks of the output, and which parameters it may have, over HTTP and gRPC.
import { badRequest } from './http-error';
import { outputName } from './input-tensor';
import { isObject, type Json, kindOf, parametersOf, valueText } from './request-json';

export interface OutputRequest {
  /** Whether the output is sent as bytes after the JSON. */
  readonly binary: boolean;
  /** How many classes to return instead of the logits, as in Triton's classification extension; 0 means the logits. */
  readonly classification: number;
}

/**
 * Parameters that would change the result if they were supported. Parameters for scheduling and tracing (sequence_id, priority, timeout …)
 * and unknown ones may be ignored.
 */
const changesResult = /^(binary_data(_size|_output)?|classification|shared_memory_.+)$/;

/** @throws {HttpError} 400 if a parameter would change the result but is not supported here */
export function checkParameters(owner: string, parameters: Json, known: readonly string[]): void {
  for (const [name, value] of Object.entries(parameters))
    if (value !== null && !known.includes(name) && changesResult.test(name))
      throw badRequest(`parameters of ${owner}: '${name}' is not supported there, expected ${known.join(' or ')}`);
}

/**
 * @param outputs    the requested outputs; undefined, null or empty means the only output there is
 * @param parameters the parameters of the request; those of an output take precedence
 * @throws {HttpError} 400
 */
export function outputRequest(outputs: unknown, parameters: Json): OutputRequest {
  checkParameters('the request', parameters, ['binary_data_output']);
  const all = flag('the request', 'binary_data_output', parameters.binary_data_output) ?? false;
  if (outputs === undefined || outputs === null || (Array.isArray(outputs) && outputs.length === 0))
    return { binary: all, classification: 0 };
  if (!Array.isArray(outputs)) throw badRequest(`outputs is ${kindOf(outputs)}, expected [{ "name": "${outputName}" }]`);
  const [output] = outputs as unknown[];
  if (outputs.length > 1) throw badRequest(`outputs has ${outputs.length} entries, expected only '${outputName}'`);
  if (!isObject(output)) throw badRequest(`outputs[0] is ${kindOf(output)}, expected { "name": "${outputName}" }`);
  if (output.name !== outputName) throw badRequest(`outputs[0].name is ${valueText(output.name)}, expected '${outputName}'`);
  const own = parametersOf('outputs[0]', output.parameters);
  const known = ['binary_data', 'classification'];
  checkParameters('outputs[0]', own, known);
  // An output has no parameters other than these two, so any other one is an error.
  const unknown = Object.keys(own).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw badRequest(`parameters of outputs[0]: there is no ${valueText(unknown)}, expected ${known.join(' or ')}`);
  return { binary: flag('outputs[0]', 'binary_data', own.binary_data) ?? all, classification: classCount(own.classification) };
}

function flag(owner: string, name: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw badRequest(`parameters of ${owner}: ${name} is ${valueText(value)}, expected true or false`);
  return value;
}

function classCount(value: unknown): number {
  const count = value ?? 0;
  if (!Number.isSafeInteger(count) || (count as number) < 0)
    throw badRequest(`parameters of outputs[0]: classification is ${valueText(value)}, expected the number of classes to return`);
  return count as number;
}
