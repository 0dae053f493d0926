// An inference request of the Open Inference Protocol v2: JSON, or JSON followed by the bytes of its tensors (binary tensor data extension).
import type { ModelMetadata } from '../models';
import { elementCount, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { bad, bytesOf, checkInput, floatInput, floatsOf, inputName, kindOf, outputName, pixelInput } from './input-tensor';

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
  const input = checkInput({ name, shape, datatype }, metadata);
  const { binary_data_size: size } = parametersOf('inputs[0]', parameters);
  const count = elementCount(input.shape);
  if (input.datatype === 'UINT8') {
    const pixels = size === undefined ? bytesOf(numbers(data, input.shape, Float64Array)) : binaryData(binary, size, count);
    return pixelInput(pixels, input.shape, metadata);
  }
  return floatInput(
    size === undefined ? numbers(data, input.shape, Float32Array) : floatsOf(binaryData(binary, size, 4 * count)),
    input.shape,
  );
}

function binaryData(binary: Buffer, size: unknown, expected: number): Buffer {
  if (size !== expected) throw bad(`inputs[0].parameters.binary_data_size is ${JSON.stringify(size)}, expected ${expected} bytes`);
  if (binary.length !== expected) throw bad(`${binary.length} bytes follow the JSON, expected ${expected}`);
  return binary;
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
