// An inference response is JSON, or JSON followed by the bytes of the output.
import type { Tensor } from '../tensor';
import type { InferRequest } from './infer-request';
import type { ServedModel } from './model-store';
import { outputTensor } from './output-tensor';
import { responseJson } from './response-json';

export interface InferResponse {
  readonly contentType: string;
  /** The value of the header Inference-Header-Content-Length. */
  readonly headerLength?: number;
  readonly body: Buffer | string;
}

/** @param y logits [n,classes] */
export function formatInferResponse(
  { name, version, metadata }: ServedModel,
  { id, output: requested }: InferRequest,
  y: Tensor,
): InferResponse {
  const output = outputTensor(y, requested.classification, metadata);
  const response = (rest: object) =>
    responseJson({
      ...{ model_name: name, model_version: version, ...(id !== undefined && { id }) },
      outputs: [{ name: output.name, shape: output.shape, datatype: output.datatype, ...rest }],
    });
  if (!requested.binary) return { contentType: 'application/json; charset=utf-8', body: response({ data: output.elements }) };
  const { bytes } = output;
  const header = Buffer.from(response({ parameters: { binary_data_size: bytes.length } }));
  return { contentType: 'application/octet-stream', headerLength: header.length, body: Buffer.concat([header, bytes]) };
}
