// The server over gRPC, asked by a client that is made of the protocol's own description.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import t, { type Test } from 'tap';
import type { Tensor } from '../../../dist';
import type { ServerOptions } from '../../../dist/serve/service';
import { bytes, expected, float, running } from '../../support/running-server';

const definition = loadSync(join(__dirname, '../../../test/fixtures/open_inference_grpc.proto'), {
  keepCase: true,
  longs: Number,
  defaults: true,
});
const { inference } = grpc.loadPackageDefinition(definition) as unknown as {
  inference: { GRPCInferenceService: grpc.ServiceClientConstructor };
};

type Message = Record<string, unknown>;

async function client(t: Test, changed: Partial<ServerOptions> = {}) {
  const { server, url } = await running(t, changed);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  const stub = new inference.GRPCInferenceService(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.teardown(() => stub.close());
  const call = (method: string, message: Message = {}, metadata = new grpc.Metadata()): Promise<Message> =>
    new Promise((resolve, reject) =>
      stub.makeUnaryRequest(
        ...([`/inference.GRPCInferenceService/${method}`, ...serializers(method), message, metadata] as const),
        (error: grpc.ServiceError | null, answer?: Message) => (error ? reject(error) : resolve(answer!)),
      ),
    );
  return { server, url, call, stub };
}

const serializers = (method: string) => {
  const { requestSerialize, responseDeserialize } = inference.GRPCInferenceService.service[method]!;
  return [requestSerialize, responseDeserialize as (data: Buffer) => Message] as const;
};

t.test('health and metadata', async (t) => {
  const { call } = await client(t);
  t.same(await call('ServerLive'), { live: true });
  t.same(await call('ServerReady'), { ready: true });
  t.same(await call('ModelReady', { name: float }), { ready: true });
  t.same(await call('ModelReady', { name: float, version: '2' }), { ready: false });
  t.same(await call('ServerMetadata'), {
    name: 'addernet',
    version: '1.2.3',
    extensions: ['binary_tensor_data', 'classification', 'model_configuration', 'model_repository(index)', 'statistics'],
  });
  t.same(await call('ModelMetadata', { name: bytes, version: '1' }), {
    ...{ name: bytes, versions: ['1'], platform: 'addernet' },
    inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 28, 28, 1] }],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
  });
});

const rawOf = ({ data }: Tensor | Tensor<Uint8Array>): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

for (const name of [float, bytes])
  t.test(`${name}: inference, to the last bit`, async (t) => {
    const { call } = await client(t);
    const { pixels, x, y } = await expected(name, 3);
    const input = { name: 'input', datatype: 'FP32', shape: [3, 28, 28, 1] };
    const asBytes = { ...input, datatype: 'UINT8' };
    const requests: Record<string, Message> = {
      floats: { inputs: [{ ...input, contents: { fp32_contents: [...x.data] } }] },
      pixels: { inputs: [{ ...asBytes, contents: { uint_contents: [...pixels.data] } }], outputs: [{ name: 'logits' }] },
      'raw floats': { inputs: [input], raw_input_contents: [rawOf(x)] },
      'raw pixels': { inputs: [asBytes], raw_input_contents: [rawOf(pixels)] },
    };
    for (const [kind, request] of Object.entries(requests)) {
      const answer = await call('ModelInfer', { model_name: name, id: 'a question', ...request });
      t.match(answer, {
        model_name: name,
        model_version: '1',
        id: 'a question',
        outputs: [{ name: 'logits', datatype: 'FP32', shape: [3, 10] }],
      });
      const [output] = answer.outputs as [{ contents: { fp32_contents: number[] } | null }];
      const raw = answer.raw_output_contents as Buffer[];
      if (kind.startsWith('raw')) t.same(raw, [rawOf(y)], kind);
      else t.same(output.contents!.fp32_contents, [...y.data], kind);
    }
  });

t.test('requests that are wrong', async (t) => {
  const { call, url } = await client(t, { maxBody: 50_000 });
  const { x } = await expected(float, 1);
  const input = { name: 'input', datatype: 'FP32', shape: [1, 28, 28, 1], contents: { fp32_contents: [...x.data] } };
  const ask = (changed: Message, rest: Message = {}) =>
    call('ModelInfer', { model_name: float, inputs: [{ ...input, ...changed }], ...rest });
  const wrong: [Promise<Message>, grpc.status, RegExp][] = [
    [ask({}, { model_name: 'none' }), grpc.status.NOT_FOUND, /no model 'none'/],
    [ask({}, { model_version: '9' }), grpc.status.NOT_FOUND, /no version '9'/],
    [ask({ name: 'x' }), grpc.status.INVALID_ARGUMENT, /expected 'input'/],
    [ask({ shape: [1, 784] }), grpc.status.INVALID_ARGUMENT, /expected \[n,28,28,1\]/],
    [ask({ datatype: 'BOOL' }), grpc.status.INVALID_ARGUMENT, /'FP32' or 'UINT8'/],
    [ask({ contents: null }), grpc.status.INVALID_ARGUMENT, /0 elements, expected 784/],
    [ask({ contents: { fp32_contents: [Number.NaN, ...x.data.subarray(1)] } }), grpc.status.INVALID_ARGUMENT, /NaN, expected finite/],
    [
      ask({ datatype: 'UINT8', contents: { uint_contents: Array(784).fill(256) } }),
      grpc.status.INVALID_ARGUMENT,
      /256, expected an integer/,
    ],
    [ask({}, { raw_input_contents: [Buffer.alloc(5)] }), grpc.status.INVALID_ARGUMENT, /5 bytes, expected 3136/],
    [ask({}, { outputs: [{ name: 'y' }] }), grpc.status.INVALID_ARGUMENT, /name is 'y', expected 'logits'/],
    [ask({}, { inputs: [] }), grpc.status.INVALID_ARGUMENT, /0 inputs/],
    [ask({}, { raw_input_contents: [Buffer.alloc(60_000)] }), grpc.status.RESOURCE_EXHAUSTED, /63\d+ bytes, expected at most 50000/],
    [call('ModelMetadata', { name: 'none' }), grpc.status.NOT_FOUND, /no model 'none'/],
  ];
  for (const [answer, code, message] of wrong) await t.rejects(answer, { code, details: message });
  t.match(await ask({}), { model_name: float }, 'and then a right one');
  t.match(
    await (await fetch(`${url}/metrics`)).text(),
    /addernet_request_duration_seconds_count\{model="lenet5-bn-mnist",version="1",route="grpc",code="400"\} 9\n/,
  );
});

t.test('a token', async (t) => {
  const { call } = await client(t, { token: 'open sesame' });
  t.same(await call('ServerReady'), { ready: true }, 'health needs none');
  await t.rejects(call('ServerMetadata'), { code: grpc.status.UNAUTHENTICATED });
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer open sesame');
  t.match(await call('ServerMetadata', {}, metadata), { name: 'addernet' });
});

t.test('a deadline takes a call out of the queue; the end answers what was accepted', async (t) => {
  const { call, server, stub } = await client(t, { maxDelay: 2000, grace: 10_000 });
  const { x } = await expected(float, 1);
  const request = {
    model_name: float,
    inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 28, 28, 1] }],
    raw_input_contents: [rawOf(x)],
  };
  const accepted = call('ModelInfer', request);
  const hasty = new Promise((resolve) =>
    stub.makeUnaryRequest(
      ...([
        '/inference.GRPCInferenceService/ModelInfer',
        ...serializers('ModelInfer'),
        request,
        new grpc.Metadata(),
        { deadline: Date.now() + 100 },
      ] as const),
      (error: grpc.ServiceError | null) => resolve(error?.code),
    ),
  );
  t.equal(await hasty, grpc.status.DEADLINE_EXCEEDED);
  const { batcher } = server.store.get(float);
  while (batcher.queuedImages > 1) await setTimeout(10); // until the server has heard of it
  t.equal(batcher.queuedImages, 1, 'one request still waits');
  const ended = server.close();
  t.match(await accepted, { model_name: float });
  await ended;
  await t.rejects(call('ServerLive'), { code: grpc.status.UNAVAILABLE });
});

t.test('images out of range and too many of them fail their own request alone', async (t) => {
  const name = 'resnet20-cifar10-8bit';
  const { call } = await client(t, { weights: [name], maxDelay: 20 });
  const image = (value: (i: number) => number) => Buffer.from(Float32Array.from({ length: 3072 }, (_, i) => value(i)).buffer);
  const ask = (n: number, ...raw: Buffer[]) =>
    call('ModelInfer', {
      model_name: name,
      inputs: [{ name: 'input', datatype: 'FP32', shape: [n, 32, 32, 3] }],
      raw_input_contents: [Buffer.concat(raw)],
    });
  const right = image(Math.sin);
  const [alone] = (await ask(1, right)).raw_output_contents as [Buffer];
  const huge = image((i) => (-1) ** i * 3.4e38);
  const [one, two, other] = [ask(1, right), ask(2, right, huge), ask(1, right)];
  await t.rejects(two, { code: grpc.status.INVALID_ARGUMENT, details: /image 1 of the request is out of range/ });
  for (const answer of [await one, await other]) t.same((answer.raw_output_contents as [Buffer])[0], alone);
  await t.rejects(ask(257, right), {
    code: grpc.status.RESOURCE_EXHAUSTED,
    details: /257 images, but at most 256 may wait \(--max-queue\)/,
  });
});
