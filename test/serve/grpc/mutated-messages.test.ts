// Messages, frames and headers of calls changed at random: whatever is sent, the server is not at fault, and every call has a status.
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import t from 'tap';
import { Random } from '../../../dist/random';
import { mutated } from '../../fuzz/mutate';
import { draws } from '../../support/draws';
import { endOf, messageOf, opened } from '../../support/grpc-calls';
import { library } from '../../support/repository';
import { bytes, digits, expected, float, running } from '../../support/running-server';

const { seed, numRuns } = draws(1600);
const random = new Random(seed);
const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
const often = (times: number): boolean => random.integer(times) > 0;

/** OK, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED: a client's own doing. */
const clientsFault = new Set([0, 3, 4, 5, 8, 12]);

interface Called {
  readonly path: string;
  readonly messages: readonly Buffer[];
}

/** Valid messages of every method. */
async function corpus(): Promise<Called[]> {
  const { x } = await expected(float, 1);
  const floats = [...x.data];
  const raw = Buffer.from(x.data.buffer, x.data.byteOffset, x.data.byteLength);
  const tensor = { name: 'input', shape: [1, 28, 28, 1], datatype: 'FP32' };
  const pixels = { ...tensor, datatype: 'UINT8', contents: { uint_contents: [...digits.images(0, 1).data] } };
  const outputs = [{ name: 'logits', parameters: { classification: { int64_param: 2 } } }];
  const infer = [
    { model_name: float, inputs: [tensor], raw_input_contents: [raw] },
    { model_name: bytes, id: 'a', inputs: [{ ...tensor, contents: { fp32_contents: floats } }], outputs },
    { model_name: bytes, model_version: '1', inputs: [pixels], parameters: { priority: { int64_param: 1 } } },
  ];
  const model = [{ name: float, version: '1' }, { name: bytes }, {}];
  const repository = [{ model_name: float, ready: true }, {}];
  const health = [{ service: '' }, { service: 'inference.GRPCInferenceService' }, { service: 'x' }];
  const requests: Record<string, readonly object[]> = {
    ...{ ModelInfer: infer, ModelStreamInfer: infer, Check: health, Watch: health },
    ...{ RepositoryIndex: repository, RepositoryModelLoad: repository, RepositoryModelUnload: repository },
    ServerReflectionInfo: [{ list_services: '*' }, { file_containing_symbol: 'inference' }, { file_by_filename: 'x' }, { host: 'x' }],
  };
  const called: Called[] = [];
  for (const file of ['inference.proto', 'health.proto', 'reflection.proto'])
    for (const service of Object.values(loadSync(join(library, 'serve/grpc', file), { keepCase: true, longs: Number })))
      for (const [name, method] of Object.entries('format' in service ? {} : (service as ServiceDefinition)))
        called.push({ path: method.path, messages: (requests[name] ?? model).map((request) => method.requestSerialize(request as never)) });
  return called;
}

const words = [
  float,
  bytes,
  'input',
  'logits',
  'FP32',
  'UINT8',
  '\x2a\x00',
  '\x3a\x00',
  '\x08\x01',
  '\xff\xff\xff\xff\x0f',
  '\x0b',
  '\x0c',
];
const encodings = ['gzip', 'deflate', 'identity', 'br', ''];
const timeouts = ['1S', '100m', '99999999H', '0n', '1', 'x', '-1S', ''];

/** A message in its frame, changed within the message, in the frame, or both. */
function frame(message: Buffer, all: readonly Buffer[], encoding: string): Buffer {
  let content = often(4) ? Buffer.from(mutated(message, random, all, words)) : message;
  if (encoding === 'gzip') content = gzipSync(content);
  if (encoding === 'deflate') content = deflateSync(content);
  if (encoding !== '' && !often(4)) content = Buffer.from(mutated(content, random, [message]));
  const framed = messageOf(content);
  if (encoding !== '' && often(8)) framed[0] = 1;
  return often(6) ? framed : Buffer.from(mutated(framed, random, all));
}

/** What a call is answered, in messages and in the end. */
async function answered(call: ClientHttp2Stream): Promise<{ status?: number; details?: string; content: string }> {
  const parts: Buffer[] = [];
  call.on('data', (part: Buffer) => parts.push(part));
  const end = await endOf(call);
  return { ...end, content: Buffer.concat(parts).toString('latin1') };
}

t.test('no call ends with INTERNAL or without a status', async (t) => {
  const { server } = await running(t, { timeout: 60_000 });
  const errors: unknown[] = [];
  server.app.log.error = (error: unknown) => errors.push(error);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  const methods = await corpus();
  const paths = methods.map(({ path }) => Buffer.from(path));
  const all = methods.flatMap(({ messages }) => messages);
  const counts = new Map<string, number>();

  const one = async (session: ClientHttp2Session): Promise<void> => {
    const { path, messages } = pick(methods);
    const encoding = often(3) ? '' : pick(encodings);
    const headers: OutgoingHttpHeaders = {
      ...(encoding !== '' && { 'grpc-encoding': encoding }),
      ...(!often(10) && { 'grpc-timeout': pick(timeouts) }),
      ...(!often(10) && { 'grpc-accept-encoding': pick(encodings) }),
    };
    const place = often(20)
      ? path
      : Buffer.from(mutated(Buffer.from(path), random, paths))
          .toString('latin1', 0, 1000) // within the headers' limit
          .replace(/[^!-~]|^(?!\/)/g, '/');
    const sent = Array.from({ length: often(4) ? 1 : random.integer(4) }, () => frame(pick(often(8) ? messages : all), all, encoding));
    const call = opened(session, place, headers);
    const answer = answered(call);
    for (const part of sent) call.write(part);
    // Streams that last until the server or the client ends them.
    if (path.endsWith('/Watch')) setTimeout(() => call.close(), 200).unref();
    call.end();
    const { status, details, content } = await answer;
    const isCancelled = path.endsWith('/Watch') && status === undefined;
    const name = isCancelled ? 'cancelled' : String(status);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const shown = () => `seed ${seed}: ${place} ${JSON.stringify(headers)} ${Buffer.concat(sent).toString('base64').slice(0, 2000)}`;
    if (!isCancelled && !clientsFault.has(status!)) t.fail(`status ${status} '${details}': ${shown()}`);
    else if (status !== undefined && status > 0 && !details) t.fail(`status ${status} without a reason: ${shown()}`);
    if (content.includes('internal error')) t.fail(`an internal error in a stream: ${shown()}`);
  };
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const session = connect(`http://127.0.0.1:${port}`);
      session.on('error', () => {});
      await once(session, 'connect');
      for (let i = 0; i < numRuns / 4; i++) await one(session);
      session.destroy();
    }),
  );
  t.comment([...counts].map(([status, times]) => `${status}: ${times}`).join(', '));
  for (const status of ['0', '3', '5', '12']) t.ok(counts.get(status)! > numRuns / 80, `${counts.get(status)} times ${status}`);
  t.same(errors, []);
});
