// The requests of the well-behaved client, each with the answer that it must get, computed by sessions of its own.
import { type Agent, request } from 'node:http';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import sharp from 'sharp';
import { compile, generateDigits, load, loadQuantized, normalize, Tensor } from '../../dist';
import { classification } from '../../dist/session/classification';
import { repository } from '../support/repository';
import type { Target } from './attack';
import { classifyPath, imageLength, inferPath, networks, pixelsPath } from './networks';

/** In milliseconds: longer than the limits of the server. */
const patience = 15_000;

export interface Exchange {
  readonly kind: string;
  /** Resolves to whether the answer is right. @throws if there is none, or an error */
  ask(): Promise<boolean>;
}

interface Answered {
  readonly body: Buffer;
  readonly headers: NodeJS.Dict<string | string[]>;
}

/** @param count how many images the requests take turns with */
export async function makeExchanges(target: Target, agent: Agent, count: number): Promise<Exchange[]> {
  const digits = generateDigits(count, 11);
  const calls = grpcCalls(target);
  const exchanges: Exchange[] = [];
  for (const network of networks) {
    const { name, bits, shape } = network;
    const model = bits === 8 ? await loadQuantized(name) : await load(name);
    const { mean, std } = model.normalization;
    const labels = { normalization: model.normalization, classNames: model.classNames ?? [] };
    const [height, width, channels] = shape;
    const session = await compile(model);
    const post = (path: string, body: Buffer | string, headers = {}) => ask(target, agent, path, body, headers);
    for (let i = 0; i < count; i++) {
      const images = i % 5 === 4 ? 8 : 1; // now and then a few images in one request
      const pixels = new Tensor(repeated(digits.images(i, i + 1).data, images * imageLength(network)), [images, ...shape]);
      const image = Buffer.from(pixels.data.subarray(0, imageLength(network)));
      const x = normalize(pixels, mean, std);
      const y = session.runSync(x).data;
      const top = JSON.stringify(classification(y.subarray(0, y.length / images), labels, 5));
      const isTop = ({ body }: Answered) => JSON.stringify(JSON.parse(String(body)).classes) === top;
      const values = asBytes(x.data);
      const input = { name: 'input', shape: x.shape };
      const json = JSON.stringify({ inputs: [{ ...input, datatype: 'UINT8', data: [...pixels.data] }] });
      const png = await sharp(image, { raw: { width, height, channels: channels as 1 | 3 } })
        .png()
        .toBuffer();
      const all: Record<string, () => Promise<boolean>> = {
        'tensor in bytes': async () => {
          const { body, headers } = await post(inferPath(network), values, { 'inference-header-content-length': '0' });
          return isSame(floats(body.subarray(Number(headers['inference-header-content-length']))), y);
        },
        'tensor in JSON': async () => {
          const { body } = await post(inferPath(network), json);
          return isSame(Float32Array.from(JSON.parse(String(body)).outputs[0].data), y);
        },
        'image in a file': async () => isTop(await post(classifyPath(network), png)),
        pixels: async () => isTop(await post(pixelsPath(network), image)),
        gRPC: async () => {
          const answer = await calls({ model_name: name, inputs: [{ ...input, datatype: 'FP32' }], raw_input_contents: [values] });
          return isSame(floats(answer.raw_output_contents[0]!), y);
        },
      };
      exchanges.push(...Object.entries(all).map(([kind, ask]) => ({ kind: `${kind}, ${bits} bits`, ask })));
    }
    session.dispose();
  }
  return exchanges;
}

/** The elements again and again. */
const repeated = (data: Uint8Array, length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => data[i % data.length]!);

const asBytes = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);
const floats = ({ buffer, byteOffset, byteLength }: Buffer): Float32Array =>
  new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
const isSame = (a: Float32Array, b: Float32Array): boolean => asBytes(a).equals(asBytes(b));

/** One of so many requests opens a connection of its own; the others keep theirs. */
const newConnectionEvery = 4;
let asked = 0;

function ask({ host, port, token }: Target, kept: Agent, path: string, body: Buffer | string, headers: object): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const own = { authorization: `Bearer ${token}`, 'content-length': Buffer.byteLength(body), ...headers };
    const agent = asked++ % newConnectionEvery > 0 && kept;
    const signal = AbortSignal.timeout(patience);
    const outgoing = request({ host, port, agent, method: 'POST', path, headers: own, signal }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const all = Buffer.concat(parts);
        if (answer.statusCode === 200) resolve({ body: all, headers: answer.headers });
        else reject(new Error(`${answer.statusCode}: ${String(all).slice(0, 200)}`));
      });
    });
    outgoing.on('error', (error) => reject(signal.aborted ? new Error(`no answer within ${patience} ms`) : error));
    outgoing.end(body);
  });
}

interface InferAnswer {
  readonly raw_output_contents: Buffer[];
}

function grpcCalls({ host, grpcPort, token }: Target): (message: object) => Promise<InferAnswer> {
  const proto = join(repository, 'test/fixtures/open_inference_grpc.proto');
  const loaded = grpc.loadPackageDefinition(loadSync(proto, { keepCase: true, longs: Number, defaults: true }));
  const { inference } = loaded as unknown as { inference: { GRPCInferenceService: grpc.ServiceClientConstructor } };
  const address = `${host}:${grpcPort}`;
  const connect = (options: grpc.ChannelOptions = {}) =>
    new inference.GRPCInferenceService(address, grpc.credentials.createInsecure(), options);
  const kept = connect();
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const { path, requestSerialize, responseDeserialize } = inference.GRPCInferenceService.service.ModelInfer!;
  return (message) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + patience;
      const stub = asked++ % newConnectionEvery > 0 ? kept : connect({ 'grpc.use_local_subchannel_pool': 1 });
      stub.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, metadata, { deadline }, (error, answer) => {
        if (stub !== kept) stub.close();
        if (error) reject(error);
        else resolve(answer as InferAnswer);
      });
    });
}
