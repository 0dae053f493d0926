// Its answer: JSON, or JSON followed by the bytes of the logits.
import type { Tensor } from '../tensor';
import type { InferRequest } from './infer-request';
import { outputName } from './input-tensor';
import type { ServedModel } from './model-store';

export interface InferResponse {
  readonly contentType: string;
  /** Value of Inference-Header-Content-Length. */
  readonly headerLength?: number;
  readonly body: Buffer | string;
}

/** @param y logits [n,classes] */
export function formatInferResponse({ name, version }: ServedModel, { id, binaryOutput }: InferRequest, y: Tensor): InferResponse {
  const output = { name: outputName, shape: y.shape, datatype: 'FP32' };
  const response = (tensor: object) =>
    JSON.stringify({ model_name: name, model_version: version, ...(id !== undefined && { id }), outputs: [{ ...output, ...tensor }] });
  if (!binaryOutput) return { contentType: 'application/json; charset=utf-8', body: response({ data: [...y.data] }) };
  const bytes = Buffer.from(y.data.buffer, y.data.byteOffset, y.data.byteLength);
  const header = Buffer.from(response({ parameters: { binary_data_size: bytes.length } }));
  return { contentType: 'application/octet-stream', headerLength: header.length, body: Buffer.concat([header, bytes]) };
}
