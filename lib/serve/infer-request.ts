// An inference request of the Open Inference Protocol v2: JSON, or JSON followed by the bytes of its tensors (binary tensor data extension).
import { normalize } from '../data/normalize';
import type { ModelMetadata } from '../models';
import { elementCount, shapeText } from '../shape';
import { Tensor } from '../tensor';
import { Refusal } from './refusal';

export const inputName = 'input';
export const outputName = 'logits';

export interface InferRequest {
  readonly id: string | undefined;
  /** [n,h,w,c], normalised, finite. */
  readonly x: Tensor;
  /** Whether the answer goes as bytes behind its JSON. */
  readonly binaryOutput: boolean;
}

/**
 * Takes one input [n,h,w,c], n at least 1: FP32, as the network takes it, or UINT8, pixels that are normalised here.
 * @param headerLength value of Inference-Header-Content-Length, where bytes follow the JSON
 * @throws {Refusal} 400, saying which part of the request is wrong
 */
export function parseInferRequest(body: Buffer, headerLength: string | undefined, metadata: ModelMetadata): InferRequest {
  const length = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isSafeInteger(length) || length < 0 || length > body.length)
    throw bad(
      `Inference-Header-Content-Length is '${headerLength}', expected the length of the JSON, at most that of the body, ${body.length}`,
    );
  const request = parseJson(body.subarray(0, length));
  const { id, inputs, outputs, parameters } = request;
  if (id !== undefined && typeof id !== 'string') throw bad(`id is ${kindOf(id)}, expected a string`);
  if (!Array.isArray(inputs) || inputs.length !== 1 || !isObject(inputs[0]))
    throw bad(`inputs: expected an array of one tensor, '${inputName}'`);
  const x = parseTensor(inputs[0], body.subarray(length), metadata);
  return { id, x, binaryOutput: wantsBinary(outputs, parametersOf('the request', parameters)) };
}

type Json = Record<string, unknown>;

function parseJson(bytes: Buffer): Json {
  let request: unknown;
  try {
    request = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw bad(`the body is no JSON: ${(cause as Error).message}`);
  }
  if (!isObject(request)) throw bad(`the body is ${kindOf(request)}, expected an object with inputs`);
  return request;
}

function parseTensor({ name, shape, datatype, data, parameters }: Json, binary: Buffer, metadata: ModelMetadata): Tensor {
  if (name !== inputName) throw bad(`inputs[0].name is ${quoted(name)}, expected '${inputName}'`);
  const { inputShape, normalization } = metadata;
  if (
    !Array.isArray(shape) ||
    shape.length !== 4 ||
    !(Number.isSafeInteger(shape[0]) && shape[0] > 0) ||
    inputShape.some((size, i) => size !== shape[i + 1])
  )
    throw bad(`inputs[0].shape is ${JSON.stringify(shape)}, expected [n,${inputShape}], n at least 1`);
  if (datatype !== 'FP32' && datatype !== 'UINT8') throw bad(`inputs[0].datatype is ${quoted(datatype)}, expected 'FP32' or 'UINT8'`);
  const { binary_data_size: size } = parametersOf('inputs[0]', parameters);
  const count = elementCount(shape);
  if (datatype === 'UINT8') {
    const pixels = size === undefined ? bytesOf(numbers(data, shape, Float64Array)) : binaryData(binary, size, count);
    const images = new Tensor(new Uint8Array(pixels), shape);
    return normalize(images, normalization.mean, normalization.std);
  }
  const values = size === undefined ? Float32Array.from(numbers(data, shape, Float32Array)) : floatsOf(binaryData(binary, size, 4 * count));
  checkFinite(values);
  return new Tensor(values, shape);
}

function binaryData(binary: Buffer, size: unknown, expected: number): Buffer {
  if (size !== expected) throw bad(`inputs[0].parameters.binary_data_size is ${JSON.stringify(size)}, expected ${expected} bytes`);
  if (binary.length !== expected) throw bad(`${binary.length} bytes follow the JSON, expected ${expected}`);
  return binary;
}

/** A copy, since the place in the body may be no multiple of four; little-endian, as all machines that Node runs the kernels on. */
const floatsOf = ({ buffer, byteOffset, byteLength }: Buffer): Float32Array =>
  new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));

/** In a loop, since this is done for every number of every request. */
function checkFinite(values: Float32Array): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i])) throw bad(`inputs[0].data[${i}] is ${values[i]}, expected finite numbers`);
}

function bytesOf(values: Float64Array): Uint8Array {
  const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (wrong >= 0) throw bad(`inputs[0].data[${wrong}] is ${values[wrong]}, expected an integer from 0 to 255`);
  return Uint8Array.from(values);
}

/** The elements of `data`, flat or nested like the shape, in row-major order. */
function numbers<A extends Float32Array | Float64Array>(data: unknown, shape: readonly number[], Elements: new (length: number) => A): A {
  const count = elementCount(shape);
  if (!Array.isArray(data)) throw bad(`inputs[0].data is ${kindOf(data)}, expected an array of ${count} numbers`);
  // Checked before the memory for them is taken: the shape is only what the request claims.
  if (!Array.isArray(data[0]) ? data.length !== count : data.length !== shape[0])
    throw bad(`inputs[0].data has ${data.length} elements, expected ${count} of shape ${shapeText(shape)}`);
  const values = new Elements(count);
  let i = 0;
  const visit = (part: readonly unknown[], depth: number): void => {
    for (const element of part)
      if (typeof element === 'number') values[i++] = element;
      else if (Array.isArray(element) && depth + 1 < shape.length && element.length === shape[depth + 1]) visit(element, depth + 1);
      else throw bad(`inputs[0].data holds ${kindOf(element)} where a number of the shape ${shapeText(shape)} belongs`);
  };
  visit(data, 0);
  if (i !== count) throw bad(`inputs[0].data holds ${i} numbers, expected ${count}`);
  return values;
}

/** What one output asks for goes before what the request asks for all of them. */
function wantsBinary(outputs: unknown, { binary_data_output: all }: Json): boolean {
  if (outputs === undefined) return all === true;
  if (!Array.isArray(outputs) || outputs.length !== 1 || !isObject(outputs[0]) || outputs[0].name !== outputName)
    throw bad(`outputs is ${JSON.stringify(outputs)}, expected [{ "name": "${outputName}" }]`);
  const { binary_data: own = all } = parametersOf('outputs[0]', outputs[0].parameters);
  return own === true;
}

function parametersOf(owner: string, parameters: unknown): Json {
  if (parameters === undefined) return {};
  if (!isObject(parameters)) throw bad(`parameters of ${owner} is ${kindOf(parameters)}, expected an object`);
  return parameters;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const kindOf = (value: unknown): string =>
  value === undefined ? 'missing' : value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
const quoted = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : kindOf(value));
const bad = (message: string): Refusal => new Refusal(400, message);
