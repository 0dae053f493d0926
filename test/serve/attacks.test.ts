// Clients that take what they can: connections, memory, time. A client that behaves is served meanwhile and afterwards.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { generateDigits } from '../../dist';
import type { InferenceServer } from '../../dist/serve/server';
import { float, running } from '../support/running-server';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** The bytes of all buffers that are in use. */
function bufferBytes(): number {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const digit = Buffer.from(generateDigits(1, 1).images(0, 1).data);
const classify = `/v2/models/${float}/classify?width=28&height=28`;
const post = (length: number, more = '') => `POST ${classify} HTTP/1.1\r\nHost: localhost\r\n${more}Content-Length: ${length}\r\n\r\n`;

/** A client that behaves: a new connection for each request, as the worst case. */
function served(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(url + classify, { method: 'POST', agent: new Agent() }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode!));
    });
    asking.once('error', reject).end(digit);
  });
}

/** Opens a connection that neither ends nor reads by itself. */
async function open(t: Test, url: string, sent: string | Buffer = ''): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {}); // the server may close the connection while this writes
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  if (sent.length > 0) socket.write(sent);
  return socket;
}

/** Also if the connection is reset, for which `once` would reject. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

const connections = (server: InferenceServer): Promise<number> =>
  new Promise((resolve, reject) => server.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

/** Waits for what must become true, for at most `limit` milliseconds. */
async function until(isTrue: () => boolean | Promise<boolean>, limit = 3000): Promise<boolean> {
  for (const end = Date.now() + limit; Date.now() < end; await setTimeout(20)) if (await isTrue()) return true;
  return false;
}

t.test('slow and half-sent requests: twenty times as many connections as the server takes', async (t) => {
  const { server, url } = await running(t, { maxConnections: 50, timeout: 300 });
  const kinds = [
    '',
    'P',
    'GET /v2 HTTP/1.1\r\nHost: local',
    `${post(784)}abc`,
    'NONSENSE\r\n\r\n',
    `GET /v2 HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`,
    `POST ${classify} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n`,
  ];
  for (let i = 0; i < 1000; i++) {
    await open(t, url, kinds[i % kinds.length]);
    if (i % 100 === 99) t.equal(await served(url), 200, `after ${i + 1} of them`);
  }
  t.ok((await connections(server)) <= 50);
  // Headers and body may take 300 ms, the last answer another second, and Node looks for what is late once in 300 ms.
  t.ok(await until(async () => (await connections(server)) === 0), 'all of them are closed, although no client closed its side');
  t.equal(await served(url), 200);
});

t.test('one byte at a time', async (t) => {
  const { server, url } = await running(t, { timeout: 300 });
  const sockets = await Promise.all(Array.from({ length: 10 }, () => open(t, url, post(784))));
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write('a');
  }, 50);
  t.teardown(() => clearInterval(drip));
  t.ok(await until(async () => (await connections(server)) === 0));
});

t.test('a connection with a complete request is kept, however many others come', async (t) => {
  const { url } = await running(t, { maxConnections: 5, maxDelay: 300 });
  const asked = served(url);
  await setTimeout(100);
  for (let i = 0; i < 20; i++) await open(t, url);
  t.equal(await asked, 200);
});

t.test('the last answer is read, although the client still sends', async (t) => {
  const { url } = await running(t, { timeout: 300 });
  const socket = await open(t, url, `GET /v2 HTTP/1.1\r\nA: ${'a'.repeat(20_000)}`);
  const more = setInterval(() => socket.write('a'.repeat(1000)), 20);
  t.teardown(() => clearInterval(more));
  t.match(await text(socket), /^HTTP\/1.1 431 [^{]*{"error":"the headers are too large"}$/);
});

t.test('answers that are not read', async (t) => {
  const { server, url } = await running(t, { timeout: 300 });
  const socket = await open(t, url);
  socket.pause();
  // Few enough to wait on one connection. When the buffers of the system are full, the answers no longer leave the server.
  const page = 'GET /demo.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20);
  const ask = setInterval(() => socket.write(page), 20);
  t.teardown(() => clearInterval(ask));
  t.ok(await until(async () => (await connections(server)) === 0, 20_000));
  t.equal(await served(url), 200);
});

t.test('a flood of requests on one connection', async (t) => {
  const { server, url } = await running(t, { maxDelay: 100 });
  const socket = await open(t, url, Buffer.concat(Array.from({ length: 1000 }, () => Buffer.concat([Buffer.from(post(784)), digit]))));
  await closed(socket.resume());
  t.ok(await until(() => server.store.get(float).batcher.queuedImages === 0), 'what it sent ahead is not run');
  t.equal(await served(url), 200);
});

t.test('many requests on one connection, each after the answer of the last', async (t) => {
  const { server, url } = await running(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  for (let i = 0; i < 100; i++) {
    const status = await new Promise((resolve) => {
      request(`${url}/v2/health/live`, { agent }, (response) => response.resume().once('end', () => resolve(response.statusCode))).end();
    });
    if (status !== 200) t.fail(`${i}: ${status}`);
  }
  t.equal(await connections(server), 1);
});

t.test('bodies that fill what all bodies may take', async (t) => {
  const maxBody = 1 << 20;
  const { server, url } = await running(t, { maxBody, maxInFlight: 4 * maxBody, timeout: 2000 });
  const before = bufferBytes();
  const sockets: Socket[] = [];
  const almost = Buffer.alloc(maxBody - 1);
  for (let i = 0; i < 40; i++) {
    const socket = await open(t, url, post(maxBody));
    socket.write(almost);
    sockets.push(socket);
    if (i % 10 === 9) t.equal(await served(url), 200, `with ${i + 1} of them`);
  }
  t.ok(await until(() => bufferBytes() - before < 6 * maxBody), 'what was read of refused bodies is let go');
  const refused = await text(sockets[0]!);
  t.match(refused, /^HTTP\/1.1 503 .*\r\nconnection: close\r\nretry-after: 1\r\n(.*\r\n)*.*holds as many bytes/);
  for (const socket of sockets) socket.destroy();
  t.ok(await until(async () => (await connections(server)) === 0));
  const whole = await fetch(url + classify, { method: 'POST', body: Buffer.alloc(maxBody) });
  t.equal(whole.status, 400, 'all of it was given back');
});

t.test('small bodies that wait do not keep out a larger one of the same address', async (t) => {
  const maxBody = 1 << 20;
  const { server, url } = await running(t, { maxBody, maxInFlight: 2 * maxBody });
  const small = 1 << 16;
  const almost = Buffer.alloc(small - 1);
  for (let i = 0; i < 40; i++) (await open(t, url, post(small))).write(almost);
  t.ok(await until(() => server.bytesHeld > 2 * maxBody - small));
  const images = 200;
  const response = await fetch(`${url}/v2/models/${float}/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': '0' },
    body: new Float32Array(images * digit.length),
  });
  t.equal(response.status, 200);
  t.ok((await connections(server)) > 10, 'no more of them gave way than had to');
});

t.test('a claimed length takes nothing, and small chunks no more than they are', async (t) => {
  const maxBody = 8 << 20;
  const { url } = await running(t, { maxBody, maxInFlight: maxBody, timeout: 60_000 });
  for (let i = 0; i < 20; i++) await open(t, url, `${post(maxBody)}a`);
  t.equal(await served(url), 200);
  const before = bufferBytes();
  const chunked = await open(t, url, `POST ${classify} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const piece = Buffer.from('1\r\na\r\n'.repeat(1 << 12));
  for (let i = 0; i < 100; i++) await new Promise((resolve) => chunked.write(piece, resolve));
  t.ok(await until(() => bufferBytes() - before < 4 << 20));
  t.equal(await served(url), 200);
});

t.test('what decompresses to much counts as much', async (t) => {
  const maxBody = 1 << 20;
  const { url } = await running(t, { maxBody, maxInFlight: maxBody });
  const headers = { 'content-encoding': 'gzip' };
  const ask = (body: Buffer) => fetch(url + classify, { method: 'POST', headers, body });
  t.equal((await ask(gzipSync(Buffer.alloc(maxBody / 2 - 10_000)))).status, 400, 'not an image of 28 x 28');
  t.equal((await ask(gzipSync(Buffer.alloc(maxBody)))).status, 503);
  t.equal((await ask(gzipSync(digit))).status, 200);
});

t.test('the end, whatever clients keep open', async (t) => {
  const { server, url } = await running(t, { timeout: 60_000, grace: 500 });
  const quiet = await open(t, url);
  const kept = await open(t, url, 'GET /v2 HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await open(t, url, `${post(784)}abc`);
  await open(t, url, 'GET /v2 HTTP/1.1\r\nHost: local');
  const unread = await open(t, url);
  unread.pause();
  for (let i = 0; i < 200; i++) unread.write('GET /demo.js HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10));
  await setTimeout(200);
  const began = Date.now();
  const closing = server.close();
  await Promise.all([once(quiet.resume(), 'end'), once(kept.resume(), 'end')]);
  t.ok(Date.now() - began < 400, 'what has no request under way is closed at once');
  await closing;
  const took = Date.now() - began;
  t.ok(took >= 400 && took < 2000, `${took} ms`);
});
