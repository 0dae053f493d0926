// An inference request of the Open Inference Protocol v2 is JSON, JSON followed by the bytes of its tensors, or only these bytes (binary
// tensor data extension).
import type { IncomingHttpHeaders } from 'node:http';
import type { ModelMetadata } from '../models';
import { elementCount, shapeText } from '../shape';
import type { Tensor } from '../tensor';
import { badRequest } from './http-error';
import { bytesOf, checkImageCount, checkInput, floatInput, floatsOf, inputName, pixelInput } from './input-tensor';
import { parseLongJson } from './long-json';
import { readNumbers } from './number-reader';
import { checkParameters, type OutputRequest, outputRequest } from './output-request';
import { isObject, type Json, kindOf, maxAtOnce, parametersOf, parseRequestJson, valueText } from './request-json';

export interface InferRequest {
  readonly id: string | undefined;
  /** [n,h,w,c], normalized, finite. */
  readonly x: Tensor;
  readonly output: OutputRequest;
}

/**
 * Refuses a request by its headers, before its body is read: what follows its JSON is at most four bytes for each number.
 * @throws {HttpError} 413 if there are certainly too many images
 */
export function checkBinaryLength(headers: IncomingHttpHeaders, { inputShape }: ModelMetadata, maxImages: number): void {
  const binary = Number(headers['content-length']) - Number(headers['inference-header-content-length']);
  if (Number.isNaN(binary) || headers['content-encoding'] !== undefined) return;
  checkImageCount(Math.ceil(binary / (4 * elementCount(inputShape))), maxImages, 'at least ');
}

/**
 * Parses a request with one input [n,h,w,c], n at least 1: normalized FP32 values, or UINT8 pixels, which are normalized here. Optional fields
 * may be null.
 * @param headerLength the header Inference-Header-Content-Length, if bytes follow the JSON; 0 if the body is only the FP32 bytes of the input
 * @param maxImages    the largest n
 * @param signal       ends the work, which takes seconds for millions of numbers of many clients
 * @throws {HttpError} as a rejection: 400, which names the part of the request that is wrong; 413 if there are too many images; the signal's reason
 */
export async function parseInferRequest(
  body: Buffer,
  headerLength: string | undefined,
  metadata: ModelMetadata,
  maxImages = Number.POSITIVE_INFINITY,
  signal?: AbortSignal,
): Promise<InferRequest> {
  const length = headerLength === undefined ? body.length : Number(headerLength);
  if (!/^\d+$/.test(headerLength ?? '0') || length > body.length)
    throw badRequest(
      `Inference-Header-Content-Length is ${valueText(headerLength)}, expected the length of the JSON, at most that of the body, ${body.length}`,
    );
  if (headerLength !== undefined && length === 0) return rawRequest(body, metadata, maxImages);
  const text = body.subarray(0, length);
  const { id, inputs, outputs, parameters } = length > maxAtOnce ? await parseLongJson(text, signal) : parseRequestJson(text);
  if (id !== undefined && id !== null && typeof id !== 'string') throw badRequest(`id is ${kindOf(id)}, expected a string`);
  checkId(id ?? '');
  if (!Array.isArray(inputs) || inputs.length !== 1 || !isObject(inputs[0]))
    throw badRequest(`inputs: expected an array of one tensor, '${inputName}'`);
  const output = outputRequest(outputs, parametersOf('the request', parameters));
  return { id: id ?? undefined, x: await parseTensor(inputs[0], body.subarray(length), metadata, maxImages, signal), output };
}

/** In characters. It is sent back, in answers that should not take longer than the inference. */
const maxId = 1024;

/** @throws {HttpError} 400 if it is too long */
export function checkId(id: string): void {
  if (id.length > maxId) throw badRequest(`id has ${id.length} characters, expected at most ${maxId}`);
}

/** The number of images follows from the length of the body. The response holds bytes, too. */
function rawRequest(body: Buffer, metadata: ModelMetadata, maxImages: number): InferRequest {
  const image = 4 * elementCount(metadata.inputShape);
  if (body.length === 0 || body.length % image !== 0)
    throw badRequest(`the body has ${body.length} bytes and no JSON, expected FP32 [n,${metadata.inputShape}], ${image} bytes per image`);
  checkImageCount(body.length / image, maxImages);
  const x = floatInput(floatsOf(body), [body.length / image, ...metadata.inputShape]);
  return { id: undefined, x, output: { binary: true, classification: 0 } };
}

/** @param tensor its data is an array or, if that is long, a Buffer of its text */
async function parseTensor(
  { name, shape, datatype, data, parameters }: Json,
  binary: Buffer,
  metadata: ModelMetadata,
  maxImages: number,
  signal: AbortSignal | undefined,
): Promise<Tensor> {
  const input = checkInput({ name, shape, datatype }, metadata, maxImages);
  const own = parametersOf('inputs[0]', parameters);
  checkParameters('inputs[0]', own, ['binary_data_size']);
  const size = own.binary_data_size ?? undefined;
  if (size !== undefined && (Array.isArray(data) || Buffer.isBuffer(data)))
    throw badRequest('inputs[0] has both data and binary_data_size, expected one of them');
  if (size === undefined && binary.length > 0)
    throw badRequest(`${binary.length} bytes follow the JSON, but inputs[0].parameters has no binary_data_size`);
  const numbers = <A extends Float32Array | Float64Array>(Elements: new (length: number) => A): A | Promise<A> =>
    Buffer.isBuffer(data) ? readNumbers(data, input.shape, Elements, signal) : elementsOf(data, input.shape, Elements);
  const count = elementCount(input.shape);
  if (input.datatype === 'UINT8') {
    const pixels = size === undefined ? bytesOf(await numbers(Float64Array)) : binaryData(binary, size, count);
    return pixelInput(pixels, input.shape, metadata);
  }
  return floatInput(size === undefined ? await numbers(Float32Array) : floatsOf(binaryData(binary, size, 4 * count)), input.shape);
}

function binaryData(binary: Buffer, size: unknown, expected: number): Buffer {
  if (size !== expected) throw badRequest(`inputs[0].parameters.binary_data_size is ${valueText(size)}, expected ${expected} bytes`);
  if (binary.length !== expected)
    throw badRequest(`the body has ${binary.length} bytes after the JSON, expected ${expected}, the binary_data_size of inputs[0]`);
  return binary;
}

/**
 * The elements of `data`, flat or nested like the shape, in row-major order.
 * @param data comes from JSON of at most `maxAtOnce` bytes
 */
function elementsOf<A extends Float32Array | Float64Array>(
  data: unknown,
  shape: readonly number[],
  Elements: new (length: number) => A,
): A {
  const count = elementCount(shape);
  if (!Array.isArray(data)) throw badRequest(`inputs[0].data is ${kindOf(data)}, expected an array of ${count} numbers`);
  // Checked before memory is allocated, because the shape is only what the request claims. Each number takes a digit and a comma.
  if (2 * count > maxAtOnce) throw badRequest(`inputs[0].data has fewer than the ${count} numbers of its shape ${shapeText(shape)}`);
  if (!Array.isArray(data[0]) ? data.length !== count : data.length !== shape[0])
    throw badRequest(`inputs[0].data has ${data.length} elements, expected ${count} of shape ${shapeText(shape)}`);
  const values = new Elements(count);
  let i = 0;
  const visit = (part: readonly unknown[], depth: number): void => {
    for (const element of part)
      if (typeof element === 'number') values[i++] = element;
      else if (Array.isArray(element) && depth + 1 < shape.length && element.length === shape[depth + 1]) visit(element, depth + 1);
      else throw badRequest(`inputs[0].data holds ${kindOf(element)} where a number is expected by the shape ${shapeText(shape)}`);
  };
  visit(data, 0);
  if (i !== count) throw badRequest(`inputs[0].data holds ${i} numbers, expected ${count}`);
  return values;
}
