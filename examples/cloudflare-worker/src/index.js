// npm run dev
// curl --data-binary @cat.png http://127.0.0.1:8787
// curl --data-binary @cat.rgba 'http://127.0.0.1:8787?width=640&height=480'

import network from 'addernet/models/resnet20-cifar10-8bit.safetensors';
import { AdderNetError, compile, load } from 'addernet/wasm';
import { decode, maxPixels } from './decode.js';

const usage = 'POST a PNG or JPEG image, or the bytes of its pixels with ?width=W&height=H, to get its most probable classes';
const maxBytes = 4 * maxPixels;

// Once for each isolate, while it starts.
const session = await compile(await load(network));

export default {
  async fetch(request) {
    if (request.method === 'GET') return new Response(`${usage}\n`);
    if (request.method !== 'POST') return refusal(405, usage, 'ERR_ARGUMENT');
    const body = await bodyOf(request);
    if (!body) return refusal(413, `the body has more than ${maxBytes} bytes`, 'ERR_ARGUMENT');
    const { searchParams: query } = new URL(request.url);
    try {
      const isRaw = query.has('width') || query.has('height');
      const image = isRaw ? { data: body, width: Number(query.get('width')), height: Number(query.get('height')) } : await decode(body);
      return Response.json(await session.classify(image, { top: 3, maxPixels }));
    } catch (error) {
      if (!(error instanceof AdderNetError)) throw error;
      return refusal(400, error.message, error.code);
    }
  },
};

const refusal = (status, error, code) => Response.json({ error, code }, { status });

/** Undefined if it is too large: a body may be longer than its headers say, so that the bytes are counted. */
async function bodyOf({ body }) {
  const parts = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > maxBytes) return undefined;
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
