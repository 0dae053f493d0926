// Compressed responses when many clients ask for them at once: time, memory, and that every client gets the same.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, inflateSync } from 'node:zlib';
import * as Prometheus from 'prom-client';
import t from 'tap';
import { compressResponse } from '../../dist/serve/content-encoding';
import { createMetrics } from '../../dist/serve/metrics';
import type { ModelStore } from '../../dist/serve/model-store';
import { asJson, input } from '../support/infer-requests';
import { repository } from '../support/repository';
import { expected, float, running } from '../support/running-server';

const decompress = { gzip: gunzipSync, deflate: inflateSync, identity: (body: Buffer) => body };
type Encoding = keyof typeof decompress;

const text = `"${'text '.repeat(1000)}"`;
/** Calls the hook as Fastify does for a response of JSON. */
function compressed(payload: string, accepted: string) {
  const headers = new Map<string, string>([['content-type', 'application/json']]);
  const reply = {
    hasHeader: (name: string) => headers.has(name),
    getHeader: (name: string) => headers.get(name),
    header(name: string, value: string) {
      headers.set(name, value);
      return reply;
    },
    removeHeader: (name: string) => headers.delete(name),
  };
  const [request, response] = [{ headers: { 'accept-encoding': accepted } }, reply] as unknown as Parameters<typeof compressResponse>;
  const body = compressResponse(request, response, payload) as Promise<Buffer | string>;
  return { body, encoding: (headers.get('content-encoding') ?? 'identity') as Encoding };
}

t.test('Accept-Encoding is read in linear time', async (t) => {
  const spaces = ' '.repeat(60_000);
  for (const accepted of [`a${spaces}b`, `a${spaces};q=1${spaces}b`, `a;${spaces}q=1${spaces}b`, ','.repeat(60_000), ';'.repeat(60_000)]) {
    const before = process.cpuUsage();
    t.equal(compressed(text, accepted).encoding, 'identity');
    const { user, system } = process.cpuUsage(before);
    t.ok(user + system < 500_000, `${user + system} microseconds of CPU time for ${JSON.stringify(accepted.slice(0, 5))}…`);
  }
  for (const [accepted, encoding] of [
    [`${spaces}gzip${spaces};${spaces}q=0.1${spaces}`, 'gzip'],
    ['GZIP;Q=1.000', 'gzip'],
    ['br, *;q=0.1', 'gzip'],
    ['*, gzip;q=0', 'deflate'],
    ['gzip;q=0.000', 'identity'],
    ['gzip;q=', 'identity'],
    ['gzip;q=x', 'identity'],
    ['gzip deflate', 'identity'],
    ['__proto__, constructor', 'identity'],
  ] as const) {
    const response = compressed(text, accepted);
    t.equal(response.encoding, encoding, accepted.trim());
    await response.body;
  }
});

t.test('four responses are compressed at the same time, and others are sent as they are', async (t) => {
  for (const accepted of ['gzip', 'deflate', 'gzip']) {
    // Each call has decided when it returns, and no compression ends before this turn of the event loop does.
    const responses = Array.from({ length: 100 }, () => compressed(text, accepted));
    t.equal(responses.filter(({ encoding }) => encoding !== 'identity').length, 4, accepted);
    for (const { body, encoding } of responses) t.equal(String(decompress[encoding](Buffer.from(await body))), text);
  }
});

t.test('answers are the same, compressed or not', async (t) => {
  const { url } = await running(t, { maxQueue: 1000 });
  const { x, y } = await expected(float, 5);
  const { headers, body } = asJson({ inputs: [input(x, 'FP32')] }) as { headers: Record<string, string>; body: string };
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const accepted = ['gzip', 'deflate', 'identity'][i % 3]!;
      return await get(`${url}/v2/models/${float}/infer`, { method: 'POST', headers: { ...headers, 'accept-encoding': accepted } }, body);
    }),
  );
  for (const { status, encoding, body } of answers) {
    t.equal(status, 200);
    t.same(JSON.parse(String(decompress[encoding](body))).outputs[0].data, [...y.data]);
  }
});

t.test('the files of the page are compressed once', async (t) => {
  const { url } = await running(t);
  for (const [path, file] of [
    ['/demo.css', 'docs/demo/demo.css'],
    ['/demo.js', 'docs/demo/demo.js'],
    ['/samples/ship.svg', 'docs/demo/samples/ship.svg'],
  ] as const) {
    const content = readFileSync(join(repository, file));
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'gzip'],
      ['deflate', 'deflate'],
      ['gzip;q=0', 'identity'],
      ['', 'identity'],
    ] as const) {
      const headers = { 'accept-encoding': accepted };
      const answer = await get(url + path, { headers });
      t.equal(answer.encoding, encoding, `${path} ${accepted}`);
      t.same(decompress[encoding](answer.body), content);
      t.equal(answer.headers.vary, 'accept-encoding');
      t.equal(answer.headers['content-length'], String(answer.body.length));
      const { body, headers: head } = await get(url + path, { method: 'HEAD', headers });
      t.equal(body.length, 0);
      t.match(head, { 'content-length': String(answer.body.length), vary: 'accept-encoding' }, 'HEAD');
      t.equal(head['content-encoding'], answer.headers['content-encoding']);
    }
  }
  // More than the four that are compressed at the same time.
  const answers = await pipelined(url, '/demo.js');
  t.same(new Set(answers.map(({ encoding }) => encoding)), new Set(['gzip']), 'none is sent as it is');
});

t.test('the metrics are collected once for all that ask at the same time', async (t) => {
  let collected = 0;
  class Registry extends Prometheus.Registry {
    override async metrics(): Promise<string> {
      collected++;
      return await super.metrics();
    }
  }
  const metrics = createMetrics({ ...Prometheus, Registry } as typeof Prometheus, () => ({ ready: () => [] }) as unknown as ModelStore);
  const texts = await Promise.all(Array.from({ length: 100 }, () => metrics.text()));
  t.equal(collected, 1);
  t.equal(new Set(texts).size, 1);
  // A request that was answered is in what is asked for afterwards, although an older text is still being made.
  const older = metrics.text();
  await new Promise(setImmediate);
  metrics.request({ model: 'seen', version: '1', route: 'infer', code: 200 }, 0.001);
  t.match(String(await metrics.text()), 'model="seen"');
  await older;

  const { url } = await running(t);
  const answers = await pipelined(url, '/metrics');
  t.equal(answers.filter(({ encoding }) => encoding === 'gzip').length, 4);
  const different = new Set(answers.map(({ body, encoding }) => String(decompress[encoding](body))));
  t.equal(different.size, 1, 'with the same times of the CPU');
  t.match([...different][0], /process_cpu_user_seconds_total .*addernet_queue_images/s);
});

function get(url: string, options: RequestOptions, body?: string) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; encoding: Encoding; body: Buffer }>((resolve, reject) => {
    const request = httpRequest(url, options, async (response) => {
      const { statusCode, headers } = response;
      resolve({
        status: statusCode!,
        headers,
        encoding: (headers['content-encoding'] ?? 'identity') as Encoding,
        body: await buffer(response),
      });
    });
    request.on('error', reject).end(body);
  });
}

/** The answers to sixteen requests that arrive together. */
async function pipelined(url: string, path: string): Promise<{ encoding: Encoding; body: Buffer }[]> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  const request = (more = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n${more}\r\n`;
  socket.write(request().repeat(15) + request('Connection: close\r\n'));
  let rest = await buffer(socket);
  const answers: { encoding: Encoding; body: Buffer }[] = [];
  while (rest.length > 0) {
    const start = rest.indexOf('\r\n\r\n') + 4;
    const headers = String(rest.subarray(0, start));
    const end = start + Number(/content-length: (\d+)/i.exec(headers)![1]);
    answers.push({ encoding: /content-encoding: gzip/i.test(headers) ? 'gzip' : 'identity', body: rest.subarray(start, end) });
    rest = rest.subarray(end);
  }
  if (answers.length !== 16) throw new Error(`${answers.length} answers to 16 requests`);
  return answers;
}
