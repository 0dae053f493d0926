// What clients, files and signals may do to the server without harm to anybody else.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import t from 'tap';
import { generateDigits } from '../../dist';
import { createServer } from '../../dist/serve/server';
import { installedCopy } from '../support/installed';
import { program, repository } from '../support/repository';
import { bytes, float, options, running } from '../support/running-server';
import { command } from '../support/serve-command';

const bundled = (name: string) => join(repository, 'models', `${name}.safetensors`);
const digit = Buffer.from(generateDigits(1, 1).images(0, 1).data);
const classify = (name: string) => `/v2/models/${name}/classify?width=28&height=28`;

async function asks(url: string, name = float): Promise<{ status: number; body: unknown; headers: Headers }> {
  const response = await fetch(url + classify(name), { method: 'POST', body: digit });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

t.test('a token', async (t) => {
  const { url } = await running(t, { token: 'open sesame' });
  const status = async (path: string, authorization?: string) =>
    (await fetch(url + path, { headers: authorization === undefined ? {} : { authorization } })).status;
  for (const path of ['/', '/demo.js', '/demo.css', '/v2/health/live', '/v2/health/ready'])
    t.equal(await status(path), 200, `${path} needs none`);
  for (const path of ['/v2', `/v2/models/${float}`, `/v2/models/${float}/ready`, '/v2/models/none/ready', '/metrics', '/none']) {
    for (const wrong of [undefined, 'Bearer', 'Bearer wrong', 'open sesame', 'Basic open sesame'])
      t.equal(await status(path, wrong), 401, `${path} with ${wrong}`);
    t.equal(await status(path, 'Bearer open sesame'), path.includes('none') ? 404 : 200, path);
  }
  const { status: refused, body, headers } = await asks(url);
  t.equal(refused, 401);
  t.match(body, { error: /a token is needed/ });
  t.equal(headers.get('www-authenticate'), 'Bearer');
});

t.test('a file that is damaged leaves the others serving', async (t) => {
  const damaged = join(t.testdir(), 'damaged.safetensors');
  writeFileSync(damaged, readFileSync(bundled(float)).subarray(0, 5000));
  const { url } = await running(t, { weights: [bytes, damaged, 'none.safetensors'] });
  t.equal((await asks(url, bytes)).status, 200);
  t.match(await asks(url, 'damaged'), {
    status: 503,
    body: { error: "model 'damaged' could not be loaded: the log of the server says why" },
  });
  const ready = await fetch(`${url}/v2/health/ready`);
  t.equal(ready.status, 503, 'a server that was to serve all of them is not ready');
  t.match(await ready.json(), { error: /^not all models could be loaded: the log of the server .* which$/ });
  t.equal((await fetch(`${url}/v2/models/${bytes}/ready`)).status, 200);
  t.equal((await fetch(`${url}/v2/models/damaged/ready`)).status, 503);
  t.equal((await fetch(`${url}/v2/health/live`)).status, 200);
});

t.test('no file that can be loaded, or a name that cannot stand in an address', async (t) => {
  await t.rejects(createServer({ ...options, weights: ['none.safetensors'] }), {
    code: 'ERR_ARGUMENT',
    message: /no network could be loaded.*none/,
  });
  for (const name of ['a b', '.', '..', 'stats', 'é'])
    await t.rejects(
      createServer({ ...options, weights: [`${name}=${float}`] }),
      { code: 'ERR_ARGUMENT', message: `'${name}' cannot be the name of a model` },
      name,
    );
});

t.test('versions of one name', async (t) => {
  const folder = t.testdir();
  copyFileSync(bundled(float), join(folder, 'old.safetensors'));
  const { url } = await running(t, { weights: [`digits=${join(folder, 'old.safetensors')}`, `digits=${bytes}`] });
  const bits = async (path: string) => {
    const { versions, parameters } = (await (await fetch(url + path)).json()) as { versions: string[]; parameters: { bits: number } };
    t.same(versions, ['1', '2']);
    return parameters.bits;
  };
  t.equal(await bits('/v2/models/digits/versions/1'), 32);
  t.equal(await bits('/v2/models/digits/versions/2'), 8);
  t.equal(await bits('/v2/models/digits'), 8, 'the latest, where none is asked for');
});

t.test('many at once: batches, each with its own answer; and what metrics tell of them', async (t) => {
  const { url } = await running(t, { maxDelay: 300 });
  const digits = generateDigits(40, 2);
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const response = await fetch(url + classify(float), { method: 'POST', body: Buffer.from(digits.images(i, i + 1).data) });
      return (await response.json()) as { classes: { class: number }[] };
    }),
  );
  const alone = await running(t, { maxBatch: 1 });
  for (const [i, answer] of answers.entries()) {
    const response = await fetch(alone.url + classify(float), { method: 'POST', body: Buffer.from(digits.images(i, i + 1).data) });
    t.same(answer, await response.json(), 'bit-identical to a batch of one');
  }
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} ([\\d.e+-]+)$`, 'm').exec(metrics)?.[1]);
  const of = `model="${float}",version="1"`;
  t.equal(value(`addernet_batch_images_sum{${of}}`), 40);
  const batches = value(`addernet_batch_images_count{${of}}`);
  t.ok(batches >= 2 && batches <= 10, `${batches} batches`);
  t.equal(value(`addernet_queue_images{${of}}`), 0);
  t.equal(value(`addernet_request_duration_seconds_count{${of},route="classify",code="200"}`), 40);
  t.ok(value('nodejs_eventloop_lag_seconds') >= 0);
});

t.test('a flood: what is too much is refused at once', async (t) => {
  const { url } = await running(t, { maxQueue: 4, maxDelay: 20, maxConnections: 1000 });
  const answers = await Promise.all(Array.from({ length: 200 }, () => asks(url)));
  const answered = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  t.equal(answered.length + refused.length, 200);
  t.ok(answered.length >= 4, `${answered.length} answered`);
  t.ok(refused.length > 0, `${refused.length} refused`);
  const [first] = answered;
  for (const { body } of answered) t.same(body, first!.body);
  for (const { body, headers } of refused) {
    t.match(body, { error: /the server is busy/ });
    t.equal(headers.get('retry-after'), '1');
  }
  t.equal((await asks(url)).status, 200, 'and then all is well');
});

t.test('requests that wait too long', async (t) => {
  const { url } = await running(t, { maxDelay: 10_000, timeout: 1000 });
  t.match(await asks(url), { status: 503, body: { error: /no result within 1000 ms/ } });
});

/** Sends the beginning of a request, and nothing more. */
async function stalled(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {}); // a server that closes the connection may do so while this writes
  socket.write(`POST ${classify(float)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 784\r\n\r\n`);
  socket.write(digit.subarray(0, 100));
  await setTimeout(20);
  return socket;
}

t.test('who stalls or goes away costs the others nothing', async (t) => {
  const { url, server } = await running(t, { timeout: 3000, maxDelay: 300 });
  const slow = await Promise.all(Array.from({ length: 20 }, () => stalled(url)));
  const gone = await Promise.all(Array.from({ length: 20 }, () => stalled(url)));
  for (const socket of gone) socket.destroy();
  const controllers = Array.from({ length: 20 }, () => new AbortController());
  const aborted = controllers.map(({ signal }) =>
    fetch(url + classify(float), { method: 'POST', body: digit, signal }).catch(() => 'aborted'),
  );
  await setTimeout(30);
  for (const controller of controllers) controller.abort();
  t.equal((await asks(url)).status, 200);
  await Promise.all(aborted);
  t.equal(server.store.get(float).batcher.queuedImages, 0, 'a disconnected client no longer waits');
  for (const answer of await Promise.all(slow.map((socket) => text(socket))))
    t.match(answer, /^HTTP\/1.1 408 Request Timeout\r\n[\s\S]*"error":"the request took too long/);
  t.equal((await asks(url)).status, 200);
});

t.test('connections beyond the limit: the oldest one without a complete request is closed', async (t) => {
  const { url } = await running(t, { maxConnections: 3 });
  const [oldest] = await Promise.all(Array.from({ length: 3 }, () => stalled(url)));
  t.equal((await asks(url)).status, 200);
  t.equal(await text(oldest!).catch(() => ''), '');
});

t.test('an image that would fill the memory', async (t) => {
  const { url } = await running(t);
  // 60,000 x 60,000 gray pixels in a file of little more than 3 kB: refused by what its header says.
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 0, 0, 0, 0]);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const bomb = Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1 << 20))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const before = process.memoryUsage.rss();
  const response = await fetch(`${url}/v2/models/${float}/classify`, { method: 'POST', body: bomb });
  t.equal(response.status, 400);
  t.ok(process.memoryUsage.rss() - before < 200e6);
});

/** `addernet serve` that is to end by itself. */
const serveOnce = (args: string[], env: NodeJS.ProcessEnv = {}, main = program) =>
  spawnSync(process.execPath, [main, 'serve', ...args], { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 30_000 });

t.test('SIGTERM: what was accepted is answered, then it ends', async (t) => {
  const { child, url, log } = await command(t, ['--max-delay', '1000', '--drain', '3000'], { ADDERNET_TOKEN: undefined });
  t.match(url, /^http:\/\/127\.0\.0\.1:/, 'only for this machine, by default');
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const accepted = Array.from({ length: 10 }, () => asks(url));
  const keepAlive = new Agent({ keepAlive: true });
  await new Promise((resolve) => get(`${url}/v2`, { agent: keepAlive }, (response) => response.resume().once('end', resolve)));
  await setTimeout(150);
  child.kill('SIGTERM');
  await setTimeout(100);
  const ready = await fetch(`${url}/v2/health/ready`);
  t.equal(ready.status, 503, 'not ready while it drains');
  t.equal((await asks(url)).status, 200, 'but it answers');
  for (const { status } of await Promise.all(accepted)) t.equal(status, 200);
  t.equal(await ended, 0);
  t.ok(log.some(({ msg }) => msg === 'SIGTERM: shutting down'));
  t.notMatch(JSON.stringify(log), /"level":[56]0/, 'no errors in the log');
  await t.rejects(fetch(url));
});

t.test('what the command says when it cannot serve', async (t) => {
  const { url } = await running(t);
  const { port } = new URL(url);
  const { status, stderr } = serveOnce(['--weights', float, '--port', port]);
  t.equal(status, 1);
  t.match(stderr, new RegExp(`cannot listen on 127.0.0.1 port ${port}: .*EADDRINUSE`));
  t.match(serveOnce(['--weights', float], { ADDERNET_TOKEN: '' }), { status: 1, stderr: /ADDERNET_TOKEN is empty/ });
  t.match(serveOnce(['--weights', float, '--port', '70000']), { status: 2, stderr: /port from 0 to 65535/ });
  const copy = installedCopy(t, { binary: true });
  t.match(serveOnce(['--weights', float], {}, join(copy, 'dist/cli/main.js')), { status: 1, stderr: /npm i fastify prom-client/ });
});

t.test('SIGTERM: what clients keep open ends with the grace period', async (t) => {
  const { child, url, log } = await command(t, ['--grace', '500', '--timeout', '60000'], { ADDERNET_TOKEN: undefined });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const held = await Promise.all([stalled(url), stalled(url)]);
  child.kill('SIGTERM');
  t.equal(await ended, 0);
  t.ok(log.some(({ msg }) => msg === '2 connections were cut: they were still open after 500 ms'));
  for (const socket of held) socket.destroy();
});

t.test('a second signal ends it at once', async (t) => {
  const { child, url } = await command(t, ['--grace', '60000', '--timeout', '60000'], { ADDERNET_TOKEN: undefined });
  const ended = new Promise<string | null>((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const socket = await stalled(url);
  child.kill('SIGTERM');
  await setTimeout(50);
  child.kill('SIGTERM'); // such as from npx, to which a terminal sends it as well
  await setTimeout(300);
  t.same([child.exitCode, child.signalCode], [null, null], 'it waits for the client');
  child.kill('SIGINT');
  t.equal(await ended, 'SIGINT');
  socket.destroy();
});
