// Converts an inference request to a tensor, and logits to a response.
import type { ModelMetadata } from '../../models';
import { elementCount } from '../../shape';
import type { Tensor } from '../../tensor';
import { badRequest } from '../http-error';
import { bytesOf, checkInput, floatInput, floatsOf, pixelInput } from '../input-tensor';
import type { ServedModel } from '../model-store';
import { checkParameters, type OutputRequest, outputRequest } from '../output-request';
import { outputTensor } from '../output-tensor';
import type { Json } from '../request-json';
import type { InferParameters, ModelInferRequest, ModelInferResponse, TensorContents } from './messages';

/** Whether the input is in raw bytes, as the output then is. */
export const isRaw = ({ raw_input_contents: raw }: ModelInferRequest): boolean => raw.length > 0;

const plain = (parameters: InferParameters): Json =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value[value.parameter_choice!]]));

/** @throws {HttpError} 400 */
export const outputOf = ({ outputs, parameters }: ModelInferRequest): OutputRequest =>
  outputRequest(
    outputs.map(({ name, parameters }) => ({ name, parameters: plain(parameters) })),
    plain(parameters),
  );

/** @throws {HttpError} 400, saying which part of the request is wrong; 413 if it has more images than `maxImages` */
export function inputOf(request: ModelInferRequest, metadata: ModelMetadata, maxImages: number): Tensor {
  const { inputs, raw_input_contents: raw } = request;
  const [input] = inputs;
  if (!input || inputs.length > 1) throw badRequest(`there are ${inputs.length} inputs, expected one`);
  const { shape, datatype } = checkInput(input, metadata, maxImages);
  checkParameters('inputs[0]', plain(input.parameters), ['binary_data_size']);
  const isFloat = datatype === 'FP32';
  const count = elementCount(shape);
  if (isRaw(request)) {
    const [data] = raw as [Buffer];
    const expected = count * (isFloat ? 4 : 1);
    if (raw.length > 1 || data.length !== expected)
      throw badRequest(
        `raw_input_contents: ${raw.length > 1 ? `${raw.length} entries` : `${data.length} bytes`}, expected ${expected} bytes`,
      );
    return isFloat ? floatInput(floatsOf(data), shape) : pixelInput(data, shape, metadata);
  }
  const [values, name] = elementsOf(input.contents ?? {}, isFloat);
  if (values.length !== count) throw badRequest(`${name} has ${values.length} elements, expected ${count} of shape [${shape}]`);
  return isFloat ? floatInput(Float32Array.from(values), shape) : pixelInput(bytesOf(values), shape, metadata);
}

/** Pixels belong in uint_contents, but clients also send them in int_contents, or as raw bytes in bytes_contents. */
function elementsOf(contents: Partial<TensorContents>, isFloat: boolean): readonly [ArrayLike<number>, string] {
  const { fp32_contents: floats = [], uint_contents: unsigned = [], int_contents: signed = [], bytes_contents: bytes = [] } = contents;
  if (isFloat) return [floats, 'fp32_contents'];
  if (unsigned.length > 0 || signed.length + bytes.length === 0) return [unsigned, 'uint_contents'];
  return signed.length > 0 ? [signed, 'int_contents'] : [Buffer.concat(bytes), 'bytes_contents'];
}

/** The response holds raw bytes if the request did. */
export function responseOf(
  { name, version, metadata }: ServedModel,
  request: ModelInferRequest,
  y: Tensor,
  { classification }: OutputRequest,
): ModelInferResponse {
  const { elements, bytes, datatype, ...output } = outputTensor(y, classification, metadata);
  const header = { model_name: name, model_version: version, id: request.id };
  if (isRaw(request)) return { ...header, outputs: [{ ...output, datatype }], raw_output_contents: [bytes] };
  const contents =
    datatype === 'FP32' ? { fp32_contents: elements as number[] } : { bytes_contents: elements.map((text) => Buffer.from(String(text))) };
  return { ...header, outputs: [{ ...output, datatype, contents }], raw_output_contents: [] };
}
