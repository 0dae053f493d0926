// Requests for inference, as clients make them.
import type { Tensor } from '../../dist';

export const asJson = (body: unknown, headers = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});
export const input = (x: Tensor | Tensor<Uint8Array>, datatype: string, data: unknown = [...x.data]) => ({
  name: 'input',
  shape: x.shape,
  datatype,
  data,
});

/** JSON, and the bytes of a tensor behind it. */
export function binaryRequest(x: Tensor | Tensor<Uint8Array>, datatype: string, rest: object): RequestInit {
  const data = Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength);
  const tensor = { name: 'input', shape: x.shape, datatype, parameters: { binary_data_size: data.length } };
  const json = Buffer.from(JSON.stringify({ inputs: [tensor], ...rest }));
  const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) };
  return { method: 'POST', body: Buffer.concat([json, data]), headers };
}
