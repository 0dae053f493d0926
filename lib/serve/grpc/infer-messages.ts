// From a request for inference to a tensor, and from logits to its response.
import type { ModelMetadata } from '../../models';
import { elementCount } from '../../shape';
import type { Tensor } from '../../tensor';
import { bad, bytesOf, checkInput, floatInput, floatsOf, outputName, pixelInput } from '../input-tensor';
import type { ServedModel } from '../model-store';
import type { ModelInferRequest, ModelInferResponse } from './messages';

const isRaw = ({ raw_input_contents: raw }: ModelInferRequest): boolean => raw.length > 0;

/** @throws {Refusal} 400, saying which part of the request is wrong */
export function inputOf(request: ModelInferRequest, metadata: ModelMetadata): Tensor {
  const { inputs, outputs, raw_input_contents: raw } = request;
  const [input] = inputs;
  if (!input || inputs.length > 1) throw bad(`there are ${inputs.length} inputs, expected one`);
  if (outputs.some(({ name }) => name !== outputName)) throw bad(`outputs: there is '${outputName}' alone`);
  const { shape, datatype } = checkInput(input, metadata);
  const isFloat = datatype === 'FP32';
  const count = elementCount(shape);
  if (isRaw(request)) {
    const [data] = raw as [Buffer];
    const expected = count * (isFloat ? 4 : 1);
    if (raw.length > 1 || data.length !== expected)
      throw bad(`raw_input_contents: ${raw.map(({ length }) => length)} bytes, expected ${expected}`);
    return isFloat ? floatInput(floatsOf(data), shape) : pixelInput(data, shape, metadata);
  }
  const { fp32_contents: floats = [], uint_contents: integers = [] } = input.contents ?? {};
  const [values, name] = isFloat ? ([floats, 'fp32_contents'] as const) : ([integers, 'uint_contents'] as const);
  if (values.length !== count) throw bad(`${name} has ${values.length} elements, expected ${count} of shape [${shape}]`);
  return isFloat ? floatInput(Float32Array.from(values), shape) : pixelInput(bytesOf(values), shape, metadata);
}

/** In bytes if the request was. */
export function responseOf({ name, version }: ServedModel, request: ModelInferRequest, { data, shape }: Tensor): ModelInferResponse {
  const output = { name: outputName, datatype: 'FP32', shape };
  const whole = { model_name: name, model_version: version, id: request.id };
  if (!isRaw(request)) return { ...whole, outputs: [{ ...output, contents: { fp32_contents: [...data] } }], raw_output_contents: [] };
  return { ...whole, outputs: [output], raw_output_contents: [Buffer.from(data.buffer, data.byteOffset, data.byteLength)] };
}
