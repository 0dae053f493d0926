// What clients of HTTP/2 may do to a server: it stays small, and others are served meanwhile.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import t, { type Test } from 'tap';
import { framesOf } from '../../../dist/serve/grpc/message-frames';
import type { ServerOptions } from '../../../dist/serve/service';
import { connection, field, messageOf, opened, statusOf } from '../../support/grpc-calls';
import { testNeeding } from '../../support/needing';
import { bytes as network, running } from '../../support/running-server';

const infer = '/inference.GRPCInferenceService/ModelInfer';
const stream = '/inference.GRPCInferenceService/ModelStreamInfer';
const live = '/inference.GRPCInferenceService/ServerLive';
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const watch = '/grpc.health.v1.Health/Watch';
const emptyMessage = Buffer.alloc(5);
const fortyImages = messageOf(
  Buffer.concat([
    field(1, Buffer.from(network)),
    field(5, Buffer.concat([field(1, Buffer.from('input')), field(2, Buffer.from('FP32')), field(3, Buffer.from([40, 28, 28, 1]))])),
    field(7, Buffer.alloc(40 * 4 * 28 * 28)),
  ]),
);

/** What a well-behaved client is answered. */
function asks(t: Test, port: number): () => Promise<unknown> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  const asIs = (data: Buffer) => data;
  return () =>
    new Promise((resolve, reject) =>
      client.makeUnaryRequest(live, asIs, asIs, Buffer.alloc(0), new grpc.Metadata(), { deadline: Date.now() + 20_000 }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
}
const isLive = Buffer.from([8, 1]);

async function serving(t: Test, changed: Partial<ServerOptions> = {}) {
  const { server } = await running(t, changed);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  return { server, port, ask: asks(t, port) };
}

/** A server in a process of its own. */
async function spawned(t: Test, options: readonly string[], env = {}): Promise<{ child: ChildProcess; port: number }> {
  const main = join(__dirname, '../../../dist/cli/main.js');
  const child = spawn(process.execPath, [main, 'serve', '--weights', network, '--port', '0', '--grpc-port', '0', ...options], {
    env: { ...process.env, ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  for (const output of [child.stdout, child.stderr])
    output.on('data', (text) => {
      log += text;
    });
  for (;;) {
    const port = /gRPC at 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
    if (port !== undefined) return { child, port: Number(port) };
    if (child.exitCode !== null) throw new Error(log);
    await setTimeout(20);
  }
}

/** In bytes. */
const residentOf = ({ pid }: ChildProcess): number => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);

const noProc = process.platform === 'linux' ? false : 'memory is read from /proc, which Linux alone has';
const almost = 8 << 20;
const almostWhole = messageOf(Buffer.alloc(almost - 100), almost);
for (const [name, env, expected, limit] of [
  ['without the token', { ADDERNET_TOKEN: 'open sesame' }, grpc.status.UNAUTHENTICATED, 60e6],
  ['as an honest client', {}, grpc.status.UNAVAILABLE, 300e6],
] as const)
  testNeeding([noProc], `200 calls of almost 8 MB on one connection, ${name}`, async (t) => {
    const { child, port } = await spawned(t, ['--max-in-flight', String(32 << 20)], env);
    const ask = asks(t, port);
    t.same(await ask(), isLive);
    const before = residentOf(child);
    const session = connection(t, port);
    const statuses = new Map<number | undefined, number>();
    for (let i = 0; i < 200; i++) {
      const call = opened(session, infer);
      call.write(almostWhole);
      void statusOf(call).then((status) => statuses.set(status, (statuses.get(status) ?? 0) + 1));
    }
    let largest = 0;
    const end = Date.now() + 30_000;
    while ((statuses.get(expected) ?? 0) < 190 && Date.now() < end) {
      t.same(await ask(), isLive, 'others are answered');
      largest = Math.max(largest, residentOf(child));
      await setTimeout(50);
    }
    t.ok(statuses.get(expected)! >= 190, JSON.stringify([...statuses]));
    t.ok(largest - before < limit, `${largest - before} bytes`);
  });

t.test('parts of a message do not keep alive what arrived with them', async (t) => {
  const network = Buffer.alloc(64 << 10);
  const length = 100_000;
  const taken: number[] = [];
  async function* bytes() {
    yield messageOf(Buffer.alloc(0), length);
    for (let i = 0; i < length; i++) yield network.subarray(i % 1000, (i % 1000) + 1);
  }
  for await (const { message } of framesOf(bytes(), length, { begins() {}, takes: (bytes) => void taken.push(bytes) })) {
    t.equal(message.length, length);
    t.equal(message.buffer.byteLength, length);
  }
  t.same(taken, [64 << 10, length - (64 << 10)], 'counted before it is taken');
});

t.test('connections that only exist give way, and are closed in the end', async (t) => {
  const { server, port, ask } = await serving(t, { maxConnections: 20, timeout: 1000 });
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const sockets = Array.from({ length: 100 }, (_, i) => {
    const socket = connectSocket(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    t.teardown(() => socket.destroy());
    if (i % 2 === 1) socket.write(preface);
    return socket;
  });
  t.same(await ask(), isLive);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
  t.pass('all are closed');
  t.same(await ask(), isLive);
  await server.close();
});

t.test('a call that waits for its batch keeps its memory and its connection', async (t) => {
  const { port, server } = await serving(t, { maxDelay: 1500, maxConnections: 3, weights: [network] });
  const tensor = Buffer.concat([field(1, Buffer.from('input')), field(2, Buffer.from('FP32')), field(3, Buffer.from([1, 28, 28, 1]))]);
  const request = Buffer.concat([field(1, Buffer.from(network)), field(5, tensor), field(7, Buffer.alloc(4 * 28 * 28))]);
  const call = opened(connection(t, port), infer);
  call.end(messageOf(request));
  const status = statusOf(call);
  await setTimeout(300);
  t.ok(server.bytesHeld >= request.length, `${server.bytesHeld} bytes are held`);
  const sockets = Array.from({ length: 20 }, () => connectSocket(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  t.equal(await status, grpc.status.OK, 'other connections gave way');
});

t.test('calls of Watch, which need no token, are bounded: the oldest ones end, and bodies have their memory', async (t) => {
  const { port, ask } = await serving(t, { token: 'open sesame', maxInFlight: 8 << 20, weights: [network] });
  const calls: ClientHttp2Stream[] = [];
  let first: Promise<number | undefined> | undefined;
  for (let i = 0; i < 4; i++) {
    const session = connection(t, port);
    const own = Array.from({ length: 100 }, () => opened(session, watch));
    first ??= statusOf(own[0]!);
    for (const call of own) call.end(emptyMessage);
    await Promise.all(own.map((call) => once(call, 'response')));
    calls.push(...own);
  }
  t.equal(await first, grpc.status.UNAVAILABLE);
  t.notOk(calls.at(-1)!.closed, 'the youngest goes on');
  const call = opened(connection(t, port), infer, { authorization: 'Bearer open sesame' });
  call.end(fortyImages);
  t.equal(await statusOf(call), grpc.status.OK, 'a request of 125 kB');
  t.same(await ask(), isLive);
});

t.test('what does not arrive is not waited for', async (t) => {
  const { port } = await serving(t, { timeout: 300 });
  const session = connection(t, port);
  const whole = opened(session, live);
  whole.end(emptyMessage);
  t.equal(await statusOf(whole), grpc.status.OK);
  const calls: [string, string, Buffer | undefined][] = [
    ['no message', infer, undefined],
    ['half a head', infer, Buffer.alloc(3)],
    ['half a message', infer, messageOf(Buffer.alloc(10), 1000)],
    ['a message and no end', live, emptyMessage],
    ['a watch without a message', watch, undefined],
    ['half a message of a stream', stream, messageOf(Buffer.alloc(10), 1000)],
  ];
  for (const [name, path, sent] of calls) {
    const call = opened(session, path);
    if (sent) call.write(sent);
    t.equal(await statusOf(call), grpc.status.DEADLINE_EXCEEDED, name);
  }
});

t.test('answers that are not read are dropped, with their stream', async (t) => {
  const { port, ask, server } = await serving(t, { timeout: 500 });
  const session = connection(t, port, { initialWindowSize: 0 });
  const closed = [live, reflection].map((path) => {
    const call = opened(session, path);
    if (path === live) call.end(emptyMessage);
    else for (let i = 0; i < 500; i++) call.write(messageOf(Buffer.from([58, 1, 42]))); // list_services
    return new Promise((resolve) => call.on('close', () => resolve(call.rstCode)));
  });
  for (const code of await Promise.all(closed)) t.not(code, constants.NGHTTP2_NO_ERROR);
  t.same(await ask(), isLive);
  await server.close();
});

t.test('a message of many fields or numbers is refused before it is read', async (t) => {
  const { port } = await serving(t);
  const session = connection(t, port);
  const numbers = (number: number, size = 1 << 19) => field(5, field(5, field(number, Buffer.alloc(size))));
  const text = Buffer.alloc(1 << 19, 'a');
  const tooMany = {
    inputs: Buffer.alloc(1 << 19, Buffer.from([42, 0])),
    bytes: field(5, field(5, Buffer.alloc(1 << 19, Buffer.from([66, 0])))),
    shape: field(5, field(3, Buffer.alloc(1 << 19))),
    int64: numbers(3),
    'pixels of 257 images': numbers(4, 2 * 257 * 784),
    'floats of 257 images': numbers(6, 4 * 257 * 784),
    id: field(3, text),
    'name of a network': field(1, text),
    'name of an input': field(5, field(1, text)),
    'name of a parameter': field(4, field(1, text)),
    'text of a parameter': field(5, field(4, field(2, field(3, text)))),
    'text of a parameter of an output': field(6, field(2, field(2, field(3, text)))),
  };
  for (const [name, message] of Object.entries(tooMany)) {
    const call = opened(session, infer);
    call.end(messageOf(message));
    const began = performance.now();
    t.equal(await statusOf(call), grpc.status.RESOURCE_EXHAUSTED, name);
    t.ok(performance.now() - began < 1000);
  }
  for (const message of [Buffer.from([42, 5]), Buffer.from([255]), Buffer.from([43])]) {
    const call = opened(session, infer);
    call.end(messageOf(message));
    t.equal(await statusOf(call), grpc.status.INVALID_ARGUMENT);
  }
  const named = opened(session, infer);
  named.end(messageOf(Buffer.concat([field(1, Buffer.from(network)), field(3, Buffer.alloc(2000, 'a'))])));
  t.equal(await statusOf(named), grpc.status.INVALID_ARGUMENT, 'an id is sent back, and short');
  const call = opened(session, live);
  call.end(messageOf(Buffer.alloc(20_000)));
  t.equal(await statusOf(call), grpc.status.RESOURCE_EXHAUSTED, 'who asks for little may send little');
});

t.test('streams that stay open are bounded in number, keep no larger request out, and are freed', async (t) => {
  const { port, ask, server } = await serving(t, { maxInFlight: 1 << 20, weights: [network] });
  let open = 0;
  for (let i = 0; i < 4; i++) {
    const session = connection(t, port);
    for (let j = 0; j < 50; j++) {
      const call = opened(session, [stream, reflection, watch][j % 3]!);
      if (j % 3 === 2) call.end(emptyMessage);
      open++;
      call.on('close', () => open--).resume();
    }
  }
  while (open > 64) await setTimeout(10);
  for (let i = 0; i < 5; i++) t.same(await ask(), isLive, 'others are answered');
  const call = opened(connection(t, port), infer);
  call.end(fortyImages);
  t.equal(await statusOf(call), grpc.status.OK);
  t.ok(open > 0);
  await server.close();
  while (open > 0) await setTimeout(10);
});

t.test('floods end their connection', async (t) => {
  const { port, ask } = await serving(t);
  const floods: Record<string, (session: ClientHttp2Session) => void> = {
    pings: (session) => session.ping(() => {}),
    settings: (session) => session.settings({ initialWindowSize: 70_000 }),
    resets: (session) => opened(session, infer).close(constants.NGHTTP2_CANCEL),
    'calls without a method': (session) => opened(session, '/none').end(),
    'calls of another kind': (session) => opened(session, live, { 'content-type': 'text/html' }).end(),
    'large headers': (session) => opened(session, live, { large: 'x'.repeat(60_000) }).end(),
  };
  for (const [name, flood] of Object.entries(floods)) {
    const session = connection(t, port);
    await once(session, 'connect');
    while (!session.destroyed && !session.closed) {
      for (let i = 0; i < 5 && !session.destroyed && !session.closed; i++) flood(session);
      await setTimeout(0);
    }
    t.pass(name);
    t.same(await ask(), isLive);
  }
});

testNeeding([noProc], 'the end comes with every kind of client that hangs', async (t) => {
  const { child, port } = await spawned(t, ['--grace', '500', '--timeout', '60000']);
  const connected = async (): Promise<Socket> => {
    const socket = connectSocket(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    await once(
      socket.on('error', () => {}),
      'connect',
    );
    return socket;
  };
  await connected();
  (await connected()).write('PRI * HTTP/2.0\r\n');
  (await connected()).write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
  connection(t, port); // idle
  opened(connection(t, port), infer).write(messageOf(Buffer.alloc(10), 1000));
  opened(connection(t, port), infer);
  opened(connection(t, port), stream);
  opened(connection(t, port), stream).write(messageOf(Buffer.alloc(10), 1000));
  opened(connection(t, port), watch).end(emptyMessage);
  opened(connection(t, port, { initialWindowSize: 0 }), live).end(emptyMessage);
  opened(connection(t, port, { initialWindowSize: 0 }), watch).end(emptyMessage);
  const unread = opened(connection(t, port, { initialWindowSize: 0 }), reflection);
  for (let i = 0; i < 500; i++) unread.write(messageOf(Buffer.from([58, 1, 42])));
  await setTimeout(500);
  const began = performance.now();
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
  t.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
});
