// What gRPC has beside inference: health and reflection, configuration, statistics, the index, streams, compressed messages. Messages are taken
// apart by their field numbers, so that a wrong number in a .proto of ours cannot hide.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as grpc from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, type ServiceDefinition } from '@grpc/proto-loader';
import t, { type Test } from 'tap';
import { load } from '../../../dist';
import type { ServerOptions } from '../../../dist/serve/service';
import { repository } from '../../support/repository';
import { bytes, expected, float, running } from '../../support/running-server';

type Value = number | Buffer;

/** Values of each field number of a message: numbers, or bytes for whatever has a length. */
function fields(message: Buffer): Record<number, Value[]> {
  const found: Record<number, Value[]> = {};
  let place = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[place++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (place < message.length) {
    const tag = varint();
    const values = found[tag >> 3] ?? [];
    found[tag >> 3] = values;
    if ((tag & 7) === 0) values.push(varint());
    else {
      const size = varint();
      values.push(message.subarray(place, place + size));
      place += size;
    }
  }
  return found;
}
const within = (message: Buffer, ...path: number[]): Value[] =>
  path.reduce<Value[]>((values, number) => values.flatMap((value) => fields(value as Buffer)[number] ?? []), [message]);
const texts = (values: Value[]): string[] => values.map(String);

/** A field of a length, such as a text or a message. */
const field = (number: number, content: string | Buffer): Buffer => {
  const data = Buffer.from(content as string);
  const sizes: number[] = [];
  for (let rest = data.length; ; rest = Math.floor(rest / 128)) {
    sizes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...sizes]), data]);
};
const flag = (number: number, value: number): Buffer => Buffer.from([number * 8, value]);

const asIs = (data: Buffer): Buffer => data;

async function client(t: Test, changed: Partial<ServerOptions> = {}, channel: grpc.ChannelOptions = {}) {
  const { server } = await running(t, changed);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  const stub = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), channel);
  t.teardown(() => stub.close());
  const call = (path: string, message: Buffer = Buffer.alloc(0), metadata = new grpc.Metadata()): Promise<Buffer> =>
    new Promise((resolve, reject) =>
      stub.makeUnaryRequest(path, asIs, asIs, message, metadata, (error, answer) => (error ? reject(error) : resolve(answer!))),
    );
  const inference = (method: string, message?: Buffer, metadata?: grpc.Metadata) =>
    call(`/inference.GRPCInferenceService/${method}`, message, metadata);
  return { server, port, stub, call, inference };
}

const modelName = (name: string, version = '') => Buffer.concat([field(1, name), field(2, version)]);

t.test('health', async (t) => {
  const { call, stub, server } = await client(t, { token: 'needs none' });
  const check = (service: string) => call('/grpc.health.v1.Health/Check', field(1, service));
  const serving = [1];
  for (const service of ['', 'inference.GRPCInferenceService']) t.same(within(await check(service), 1), serving, `'${service}'`);
  t.same(within(await call('/grpc.health.v1.Health/Check'), 1), serving, 'as probes ask, without a field');
  await t.rejects(check('inference.Other'), { code: grpc.status.NOT_FOUND, details: /no service 'inference.Other'/ });

  const watch = (service: string) => {
    const seen: Value[] = [];
    const stream = stub.makeServerStreamRequest('/grpc.health.v1.Health/Watch', asIs, asIs, field(1, service));
    const ended = new Promise<void>((resolve) => stream.on('end', resolve));
    stream.on('error', () => {});
    stream.on('data', (message: Buffer) => seen.push(...within(message, 1)));
    return { seen, ended, stream };
  };
  const [whole, unknown, gone] = [watch(''), watch('inference.Other'), watch('')];
  for (const { seen } of [whole, unknown, gone]) while (seen.length === 0) await setTimeout(5);
  gone.stream.cancel();
  const closed = server.close(200);
  t.same(within(await check(''), 1), [2], 'not serving while it ends');
  await Promise.all([closed, whole.ended, unknown.ended]);
  t.same(whole.seen, [1, 2], 'informed of the end');
  t.same(unknown.seen, [3]);
});

t.test('health: a server without one of its networks is not serving', async (t) => {
  const { call } = await client(t, { weights: [float, 'none.safetensors'] });
  t.same(within(await call('/grpc.health.v1.Health/Check'), 1), [2]);
});

t.test('reflection: enough for a client that knows nothing', async (t) => {
  for (const version of ['v1', 'v1alpha']) {
    const { stub, server } = await client(t);
    const stream = stub.makeBidiStreamRequest(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`, asIs, asIs);
    const ask = (request: Buffer) =>
      new Promise<Buffer>((resolve) => {
        stream.once('data', resolve);
        stream.write(request);
      });
    const services = ['inference.GRPCInferenceService', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection'];
    t.same(texts(within(await ask(field(7, '*')), 6, 1, 1)), services);

    for (const symbol of [
      ...services,
      'inference.ModelInferRequest',
      'inference.ModelInferRequest.InferInputTensor',
      'inference.GRPCInferenceService.ModelInfer',
    ])
      t.equal(within(await ask(field(4, symbol)), 4, 1).length, 1, symbol);
    const [file] = within(await ask(field(3, 'inference.proto')), 4, 1) as [Buffer];
    for (const [number, name] of [
      [4, 'inference.None'],
      [4, 'constructor'],
      [3, 'none.proto'],
      [6, 'inference.ModelInferRequest'],
    ] as const)
      t.same(within(await ask(field(number, name)), 7, 1), [grpc.status.NOT_FOUND], name);

    // As protoc has it, the entries of a map are named after it: others refuse the file.
    const nested = within(file, 4).filter((message) => String(fields(message as Buffer)[1]) === 'ModelInferRequest');
    t.same(texts(within(nested[0] as Buffer, 3, 1)).sort(), ['InferInputTensor', 'InferRequestedOutputTensor', 'ParametersEntry']);
    const parameters = within(nested[0] as Buffer, 2).find((entry) => String(fields(entry as Buffer)[1]) === 'parameters');
    t.same(texts(within(parameters as Buffer, 6)), ['ParametersEntry']);

    const definition = loadFileDescriptorSetFromBuffer(field(1, file), { keepCase: true });
    const service = definition['inference.GRPCInferenceService'] as ServiceDefinition;
    const { requestSerialize, responseDeserialize, path } = service.ModelInfer!;
    const { x, y } = await expected(float, 1);
    const contents = { fp32_contents: [...x.data] };
    const answer = await new Promise<{ outputs: [{ contents: { fp32_contents: number[] } }] }>((resolve, reject) =>
      stub.makeUnaryRequest(
        path,
        requestSerialize as (value: object) => Buffer,
        responseDeserialize as (data: Buffer) => typeof answer,
        { model_name: float, inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 28, 28, 1], contents }] },
        (error, value) => (error ? reject(error) : resolve(value!)),
      ),
    );
    t.same(answer.outputs[0].contents.fp32_contents, [...y.data], 'inference through what was described');
    const ended = new Promise<void>((resolve) => stream.once('end', resolve));
    await server.close();
    await ended;
    t.pass('a stream that is open does not hold the end up');
  }
});

t.test('a token: for all but health', async (t) => {
  const { inference, stub } = await client(t, { token: 'open sesame' });
  const open = ['ServerLive', 'ServerReady'];
  const methods = [...readFileSync(join(repository, 'lib/serve/grpc/inference.proto'), 'utf8').matchAll(/rpc (\w+)\s*\((?!\s*stream)/g)];
  t.equal(methods.length, 11);
  for (const [, method] of methods) {
    if (open.includes(method!)) t.ok(await inference(method!), method!);
    else await t.rejects(inference(method!), { code: grpc.status.UNAUTHENTICATED, details: /^a token is needed/ }, method!);
  }
  const metadata = new grpc.Metadata();
  metadata.set('authorization', 'Bearer open sesame');
  t.same(texts(within(await inference('RepositoryIndex', undefined, metadata), 1, 1)), [float, bytes]);
  for (const path of ['/inference.GRPCInferenceService/ModelStreamInfer', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']) {
    const stream = stub.makeBidiStreamRequest(path, asIs, asIs);
    const code = new Promise((resolve) => stream.on('error', (error: grpc.ServiceError) => resolve(error.code)));
    stream.on('data', () => {});
    stream.end(field(7, '*'));
    t.equal(await code, grpc.status.UNAUTHENTICATED, path);
  }
});

t.test('configuration, statistics, index', async (t) => {
  const { inference } = await client(t, { weights: [float, bytes, 'broken=none.safetensors'], maxDelay: 2, maxBatch: 16 });
  const config = within(await inference('ModelConfig', modelName(float)), 1)[0] as Buffer;
  t.same(texts(within(config, 1)), [float]);
  t.same(within(config, 4), [16], 'max_batch_size');
  t.same(texts(within(config, 5, 1)), ['input']);
  t.same([within(config, 5, 2), within(config, 5, 3)], [[11], [1]], 'TYPE_FP32, FORMAT_NHWC');
  t.same([...(within(config, 5, 4)[0] as Buffer)], [28, 28, 1]);
  t.same([texts(within(config, 6, 1)), within(config, 6, 2)], [['logits'], [11]]);
  t.same([...(within(config, 6, 3)[0] as Buffer)], [10]);
  t.same(within(config, 11, 2), [2000], 'max_queue_delay_microseconds');
  t.same(texts(within(config, 17)), ['addernet'], 'backend');
  await t.rejects(inference('ModelConfig', modelName('none')), { code: grpc.status.NOT_FOUND });
  await t.rejects(inference('ModelConfig', modelName(float, '2')), { code: grpc.status.NOT_FOUND });

  const { x } = await expected(float, 3);
  const raw = Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength);
  const shape = field(3, Buffer.from([3, 28, 28, 1]));
  const input = Buffer.concat([field(1, 'input'), field(2, 'FP32'), shape]);
  await inference('ModelInfer', Buffer.concat([field(1, float), field(5, input), field(7, raw)]));
  t.same(texts(within(await inference('ModelStatistics'), 1, 1)), [float, bytes]);
  const own = within(await inference('ModelStatistics', modelName(float)), 1)[0] as Buffer;
  t.same([texts(within(own, 1)), texts(within(own, 2))], [[float], ['1']]);
  t.same([within(own, 4), within(own, 5)], [[3], [1]], 'inference_count, execution_count');
  t.ok(Math.abs((within(own, 3)[0] as number) - Date.now()) < 10_000, 'last_inference');
  for (const [name, number] of Object.entries({ success: 1, queue: 3, compute_infer: 5 })) {
    t.same(within(own, 6, number, 1), [1], name);
    t.ok((within(own, 6, number, 2)[0] as number) > 1000, `${name} in nanoseconds`);
  }
  t.same([within(own, 7, 1), within(own, 7, 3, 1)], [[3], [1]], 'batch_stats');
  await t.rejects(inference('ModelStatistics', modelName('none')), { code: grpc.status.NOT_FOUND });

  const index = await inference('RepositoryIndex');
  t.same(texts(within(index, 1, 1)), [float, bytes, 'broken']);
  t.same(texts(within(index, 1, 3)), ['READY', 'READY', 'UNAVAILABLE']);
  t.match(texts(within(index, 1, 4)), [/log of the server/]);
  t.same(texts(within(await inference('RepositoryIndex', flag(2, 1)), 1, 1)), [float, bytes], 'what is ready');
  for (const method of ['RepositoryModelLoad', 'RepositoryModelUnload'])
    await t.rejects(inference(method, field(2, float)), { code: grpc.status.UNIMPLEMENTED, details: /cannot be loaded or unloaded/ });
  await t.rejects(inference('SystemSharedMemoryStatus'), { code: grpc.status.UNIMPLEMENTED });
});

/** A request for one image: a UINT8 tensor in `contents`, with parameters of the output, of the input and of the request. */
function pixelRequest(contents: Buffer, { output, input, all }: { output?: Buffer; input?: Buffer; all?: Buffer } = {}): Buffer {
  const tensor = [field(1, 'input'), field(2, 'UINT8'), field(3, Buffer.from([1, 28, 28, 1]))];
  return Buffer.concat([
    field(1, float),
    field(5, Buffer.concat([...tensor, ...(input ? [field(4, input)] : []), field(5, contents)])),
    ...(output ? [field(6, Buffer.concat([field(1, 'logits'), field(2, output)]))] : []),
    ...(all ? [field(4, all)] : []),
  ]);
}
const parameter = (name: string, value: Buffer) => Buffer.concat([field(1, name), field(2, value)]);
const varints = (values: Iterable<number>) => Buffer.from([...values].flatMap((value) => (value < 128 ? [value] : [value | 128, 1])));
const logitsOf = (answer: Buffer) => {
  const [packed] = within(answer, 5, 5, 6) as [Buffer];
  return Array.from({ length: packed.length / 4 }, (_, i) => packed.readFloatLE(4 * i));
};

t.test('pixels in each of the fields that clients choose', async (t) => {
  const { inference } = await client(t);
  const { pixels, y } = await expected(float, 1);
  const contents = {
    uint_contents: field(4, varints(pixels.data)),
    int_contents: field(2, varints(pixels.data)),
    bytes_contents: field(8, Buffer.from(pixels.data)),
    'bytes_contents one by one': Buffer.concat([...pixels.data].map((value) => field(8, Buffer.from([value])))),
  };
  for (const [kind, content] of Object.entries(contents))
    t.same(logitsOf(await inference('ModelInfer', pixelRequest(content))), [...y.data], kind);
  for (const content of [field(2, varints(pixels.data.subarray(1))), field(8, Buffer.alloc(783))])
    await t.rejects(inference('ModelInfer', pixelRequest(content)), {
      code: grpc.status.INVALID_ARGUMENT,
      details: /_contents has 783 elements, expected 784/,
    });
});

t.test('parameters: classification is understood, others are ignored or refused', async (t) => {
  const { inference } = await client(t);
  const { pixels, y } = await expected(float, 1);
  const { classNames } = (await load(float)).metadata;
  const contents = field(4, varints(pixels.data));
  const best = [...y.data].map((logit, index) => ({ logit, index })).sort((a, b) => b.logit - a.logit);
  const wanted = best.slice(0, 2).map(({ logit, index }) => `${logit.toFixed(6)}:${index}:${classNames![index]}`);
  const classification = parameter('classification', flag(2, 2));
  const answer = await inference('ModelInfer', pixelRequest(contents, { output: classification }));
  t.same(texts(within(answer, 5, 2)), ['BYTES']);
  t.same([...(within(answer, 5, 3)[0] as Buffer)], [1, 2]);
  t.same(texts(within(answer, 5, 5, 8)), wanted);

  const image = Buffer.concat([field(1, 'input'), field(2, 'UINT8'), field(3, Buffer.from([1, 28, 28, 1]))]);
  const asked = Buffer.concat([field(1, 'logits'), field(2, classification)]);
  const raw = await inference(
    'ModelInfer',
    Buffer.concat([field(1, float), field(5, image), field(6, asked), field(7, Buffer.from(pixels.data))]),
  );
  const lengthPrefixed = (text: string) => Buffer.concat([Buffer.from([text.length, 0, 0, 0]), Buffer.from(text)]);
  t.same(within(raw, 6), [Buffer.concat(wanted.map(lengthPrefixed))], 'in bytes if the request was');

  const harmless = Buffer.concat([parameter('sequence_id', flag(2, 5))]);
  t.same(logitsOf(await inference('ModelInfer', pixelRequest(contents, { all: harmless, input: parameter('mine', field(3, 'x')) }))), [
    ...y.data,
  ]);
  for (const [place, details] of [
    [{ output: parameter('classification', field(3, '2')) }, /classification is '2'/],
    [{ output: parameter('clasification', flag(2, 2)) }, /no 'clasification'/],
    [{ input: parameter('shared_memory_region', field(3, 'r')) }, /'shared_memory_region' is not supported/],
    [{ all: classification }, /'classification' is not supported there/],
  ] as const)
    await t.rejects(inference('ModelInfer', pixelRequest(contents, place)), { code: grpc.status.INVALID_ARGUMENT, details });
  const name = 'n'.repeat(50_000);
  await t.rejects(inference('ModelInfer', field(1, name)), { code: grpc.status.NOT_FOUND, details: /a string of 50000 characters/ });
});

t.test('a stream: each request is answered in its turn, one that is wrong ends none of the others', async (t) => {
  const { stub, server } = await client(t);
  const { pixels, y } = await expected(float, 1);
  const right = pixelRequest(field(4, varints(pixels.data)));
  const stream = stub.makeBidiStreamRequest('/inference.GRPCInferenceService/ModelStreamInfer', asIs, asIs);
  const answers: Buffer[] = [];
  stream.on('data', (answer: Buffer) => answers.push(answer));
  const ended = new Promise((resolve) => stream.on('status', ({ code }: grpc.StatusObject) => resolve(code)));
  const identified = (request: Buffer, id: string) => Buffer.concat([request, field(3, id)]);
  stream.write(identified(right, 'a'));
  stream.write(identified(field(1, 'none'), 'b'));
  stream.write(identified(right, 'c'));
  while (answers.length < 3) await setTimeout(5);
  t.same(
    answers.map((answer) => texts(within(answer, 2, 3))),
    [['a'], ['b'], ['c']],
  );
  t.same(logitsOf(within(answers[0]!, 2)[0] as Buffer), [...y.data]);
  t.match(texts(within(answers[1]!, 1)), [/no model 'none'/]);
  t.same(within(answers[2]!, 1), []);
  t.same(texts(within(answers[2]!, 2, 4, 1)), ['triton_final_response']);
  stream.write(identified(right, 'd'));
  while (answers.length < 4) await setTimeout(5);
  await server.close();
  t.equal(await ended, grpc.status.OK, 'the end of the server ends it, with all its answers');
});

t.test('a client that sends and does not read is waited for', async (t) => {
  const { call, port } = await client(t);
  const requests = {
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': field(7, '*'),
    '/inference.GRPCInferenceService/ModelStreamInfer': field(1, 'none'),
  };
  for (const [path, request] of Object.entries(requests)) {
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
    stream.on('error', () => {});
    const messages = Buffer.concat(Array(1000).fill(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request])));
    let sent = 0;
    let isStalled = false;
    while (sent < 400_000 && !isStalled) {
      sent += 1000;
      if (stream.write(messages)) continue;
      isStalled = await Promise.race([once(stream, 'drain').then(() => false), setTimeout(1000, true)]);
    }
    t.ok(isStalled, `${path}: it takes no more than it can answer (${sent} requests)`);
    t.same(within(await call('/grpc.health.v1.Health/Check'), 1), [1], 'others are answered');
    let answered = 0;
    stream.on('data', (data: Buffer) => {
      answered += data.length;
    });
    stream.end();
    await once(stream, 'end');
    t.ok(answered > 50 * sent, `all are answered once it reads: ${answered} bytes`);
    session.close();
  }
});

t.test('compressed messages', async (t) => {
  const { pixels, y } = await expected(float, 1);
  for (const algorithm of [grpc.compressionAlgorithms.gzip, grpc.compressionAlgorithms.deflate]) {
    const { inference } = await client(t, {}, { 'grpc.default_compression_algorithm': algorithm });
    t.same(logitsOf(await inference('ModelInfer', pixelRequest(field(4, varints(pixels.data))))), [...y.data]);
  }
});

t.test('a message that decompresses to more than its limit', async (t) => {
  const { server } = await running(t);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  const session = connect(`http://127.0.0.1:${port}`);
  const bomb = gzipSync(Buffer.alloc(500 << 20), { level: 9 });
  const head = Buffer.from([1, 0, 0, 0, 0]); // compressed, and its length
  head.writeUInt32BE(bomb.length, 1);
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 10; i++) {
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/inference.GRPCInferenceService/ModelInfer' },
      ...{ 'content-type': 'application/grpc', 'grpc-encoding': 'gzip', te: 'trailers' },
    });
    const status = new Promise((resolve) => {
      stream.on('response', (headers) => headers['grpc-status'] !== undefined && resolve(headers['grpc-status']));
      stream.on('trailers', (headers) => resolve(headers['grpc-status']));
    });
    stream.end(Buffer.concat([head, bomb]));
    stream.resume();
    t.equal(Number(await status), grpc.status.RESOURCE_EXHAUSTED);
  }
  const grown = process.memoryUsage.rss() - before;
  t.ok(grown < 150e6, `${grown} bytes`);
  session.close();
});
