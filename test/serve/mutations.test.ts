// Images, forms, queries, headers, paths and the bytes of HTTP changed at random: whatever is sent, the server is not at fault, and it names what is.
import { once } from 'node:events';
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import { Random } from '../../dist/random';
import { mutated } from '../fuzz/mutate';
import { bmp } from '../support/bitmaps';
import { draws } from '../support/draws';
import { bytes, digits, float, running } from '../support/running-server';

const { seed, numRuns } = draws(1600);
const random = new Random(seed);
const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
const often = (times: number): boolean => random.integer(times) > 0;

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
t.teardown(() => agent.destroy());

/** Not by fetch, which puts paths and headers right. */
function ask(port: string, { method, path, headers, body }: Sent): Promise<{ status: number; answer: string }> {
  return new Promise((resolve, reject) => {
    const own = { 'content-length': body.length, ...headers };
    const outgoing = request({ agent, host: '127.0.0.1', port, method, path, headers: own }, async (answer) => {
      resolve({ status: answer.statusCode!, answer: await text(answer) });
    });
    outgoing.on('error', (cause) =>
      reject(new Error(`seed ${seed}: ${method} ${path} ${JSON.stringify(headers)}: ${cause.message}`, { cause })),
    );
    outgoing.end(body);
  });
}

/** Sends `count` requests, eight at a time, and returns how often each status was the answer. */
async function statuses(
  t: Test,
  port: string,
  count: number,
  next: () => Sent,
  allowed: readonly number[],
  part: RegExp,
): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < count / 8; i++) {
        const sent = next();
        const { status, answer } = await ask(port, sent);
        counts.set(status, (counts.get(status) ?? 0) + 1);
        const shown = () =>
          `seed ${seed}: ${sent.method} ${JSON.stringify(sent.path)} ${JSON.stringify(sent.headers)} ${sent.body.toString('base64').slice(0, 2000)}`;
        if (!allowed.includes(status)) t.fail(`${status} ${answer}: ${shown()}`);
        else if (status >= 400 && sent.method !== 'HEAD' && !part.test(errorOf(answer)))
          t.fail(`${answer} names no part of the request: ${shown()}`);
      }
    }),
  );
  t.comment([...counts].map(([status, times]) => `${status}: ${times}`).join(', '));
  return counts;
}

function errorOf(answer: string): string {
  try {
    return (JSON.parse(answer) as { error: string }).error;
  } catch {
    return '';
  }
}

const pixels = Buffer.from(digits.images(0, 1).data);
const form = (file: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'),
    file,
    Buffer.from('\r\n--x--\r\n'),
  ]);

/** Small files of each kind that is recognized. */
async function files(): Promise<Buffer[]> {
  const image = sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } });
  const made = await Promise.all(
    (['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const).map((format) => image.clone().toFormat(format).toBuffer()),
  );
  const animated = await sharp(Buffer.concat([pixels, pixels]), { raw: { width: 28, height: 56, channels: 1, pageHeight: 28 } })
    .gif()
    .toBuffer();
  const pgm = Buffer.concat([Buffer.from('P5 28 28 255\n'), pixels]);
  return [...made, animated, pgm, bmp(6, 6, (x, y) => [x, y, 0]), Buffer.from('P2\n# x\n2 1 255\n0 255\n')];
}

const encodings: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  ...{ gzip: (body) => gzipSync(body), deflate: (body) => deflateSync(body), 'x-gzip': (body) => gzipSync(body) },
  ...{ identity: (body) => body, br: (body) => body, 'gzip, gzip': (body) => gzipSync(gzipSync(body)), '': (body) => body },
};
/** Now and then compressed, rightly or not. */
function encoded(body: Buffer): { body: Buffer; headers: OutgoingHttpHeaders } {
  if (often(5)) return { body, headers: {} };
  const encoding = pick(Object.keys(encodings));
  const compressed = encodings[encoding]!(body);
  return {
    headers: { 'content-encoding': encoding },
    body: often(2) ? compressed : Buffer.from(mutated(compressed, random, [body])),
  };
}

const values = [
  ...['', '0', '1', '28', '-1', '1.5', '1e3', '4294967297', '9007199254740993', 'NaN', 'Infinity', 'true', 'false', 'yes'],
  ...['white', '%23fff', 'rgb(1,2,3)', 'x'.repeat(2000), '%00', '%E2%80%AE', '%FF', '%', '__proto__', '[]'],
];
const queries = ['width', 'height', 'top', 'background', 'invert', '__proto__', 'toString', '', 'x'];
const query = (): string =>
  often(3) ? Array.from({ length: random.integer(4) }, () => `${pick(queries)}${often(8) ? '=' : ''}${pick(values)}`).join('&') : '';

t.test('images: no request is answered with 500, and every refusal names a part of it', async (t) => {
  const { url } = await running(t, { timeout: 60_000 });
  const corpus = await files();
  const inForms = corpus.map(form);
  const raw = 'width=28&height=28';
  const next = (): Sent => {
    const isForm = random.integer(4) === 0;
    const isRaw = !isForm && random.integer(4) === 0;
    const from = isForm ? inForms : isRaw ? [pixels] : corpus;
    const base = pick(from);
    const { body, headers } = encoded(often(6) ? Buffer.from(mutated(base, random, from, ['--x', '\r\n\r\n', 'filename='])) : base);
    const types = ['multipart/form-data; boundary=x', 'multipart/form-data', 'multipart/form-data; boundary=', 'image/png', 'x', ''];
    const type = isForm && often(8) ? types[0]! : pick(types.slice(1));
    const search = [...(isRaw && often(8) ? [raw] : []), ...(often(3) ? [] : [query()])].join('&');
    return {
      ...{ method: 'POST', path: `/v2/models/${pick([float, bytes])}/classify${search === '' ? '' : `?${search}`}` },
      ...{ headers: { 'content-type': type, ...headers }, body },
    };
  };
  const part =
    /image|file|form|body|pixel|width|height|top|background|invert|parameter|PNG|JPEG|GIF|WebP|TIFF|AVIF|BMP|PGM|PPM|Content-Encoding/i;
  const counts = await statuses(t, new URL(url).port, numRuns, next, [200, 400, 413, 415], part);
  for (const status of [200, 400, 415]) t.ok(counts.get(status)! > numRuns / 80, `${counts.get(status)} times ${status}`);
});

t.test('the index: no request is answered with 500, and every refusal names a part of it', async (t) => {
  const { url } = await running(t, { timeout: 60_000 });
  const corpus = ['{"ready":true}', '{}', '', '{"ready":false,"x":[{}]}', '{"ready":null}'].map((json) => Buffer.from(json));
  const words = ['"ready":', 'true', 'null', '[', '{', '\\ud800', '\xef\xbb\xbf', '1e999', '"__proto__":'];
  const deep = Buffer.from(`{"ready":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
  const next = (): Sent => ({
    ...{ method: 'POST', path: '/v2/repository/index' },
    ...encoded(often(20) ? Buffer.from(mutated(pick(corpus), random, corpus, words)) : pick([deep, Buffer.alloc(100_000, 32)])),
  });
  const counts = await statuses(t, new URL(url).port, numRuns / 2, next, [200, 400, 413, 415], /body|ready|Content-Encoding/i);
  for (const status of [200, 400]) t.ok(counts.get(status)! > numRuns / 80, `${counts.get(status)} times ${status}`);
});

t.test('paths, methods and headers: none is answered with 500', async (t) => {
  const { url } = await running(t, { timeout: 60_000 });
  const ends = ['', '/ready', '/config', '/stats', '/infer', '/classify', '/versions/1', '/versions/1/infer', '/versions/2'];
  const paths = [
    ...['/', '/demo.js', '/v2', '/v2/health/live', '/v2/health/ready', '/v2/models/stats', '/v2/repository/index', '/metrics', '/none'],
    ...ends.map((end) => `/v2/models/${float}${end}`),
    `/v2/repository/models/${float}/load`,
  ].map((path) => Buffer.from(path));
  const words = [
    '/',
    '//',
    '..',
    '%2e%2e/',
    '%',
    '%00',
    '%ff',
    '%E2%80%AE',
    '?',
    '#',
    ';',
    '*',
    ':',
    '\\',
    'versions',
    'models',
    '__proto__',
    'x'.repeat(300),
  ];
  const methods = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'];
  const names = [
    'accept-encoding',
    'inference-header-content-length',
    'content-type',
    'expect',
    'range',
    'if-none-match',
    'x-forwarded-for',
  ];
  const contents = [...values, 'gzip;q=0', '*;q=1, gzip;q=x', '100-continue', 'bytes=0-', 'multipart/form-data; boundary=x'];
  const next = (): Sent => {
    const path = often(4) ? Buffer.from(mutated(pick(paths), random, paths, words)) : pick(paths);
    const method = pick(methods);
    // Node sends no controls. A path with other bytes is refused before its method is known, so that the answer to HEAD has a body, too.
    const sendable = path.toString('latin1').replace(method === 'HEAD' ? /[^!-~]/g : /[^!-~\u0080-\u00ff]/g, '%01');
    const headers = Object.fromEntries(Array.from({ length: random.integer(3) }, () => [pick(names), pick(contents)]));
    return { method, path: sendable.startsWith('/') ? sendable : `/${sendable}`, headers, body: Buffer.from(pick(['', '{}', 'x'])) };
  };
  const allowed = [200, 400, 404, 405, 413, 414, 415, 431, 501];
  const counts = await statuses(t, new URL(url).port, numRuns, next, allowed, /./);
  for (const status of [200, 400, 404, 405]) t.ok(counts.get(status)! > numRuns / 80, `${counts.get(status)} times ${status}`);
});

t.test('bytes of HTTP: every connection ends, and no answer is 500', async (t) => {
  const { url, server } = await running(t, { timeout: 60_000 });
  const port = Number(new URL(url).port);
  const of = (head: string, body: Uint8Array | string = '') =>
    Buffer.concat([Buffer.from(`${head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`), Buffer.from(body)]);
  const classify = of(`POST /v2/models/${float}/classify?width=28&height=28`, pixels);
  const chunked = `POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n`;
  const corpus = [
    ...[classify, of('GET /v2'), of('HEAD /v2/health/live'), of(`POST /v2/models/${float}/infer`, '{"inputs":[]}'), Buffer.from(chunked)],
    ...[Buffer.concat([of('GET /v2'), classify, of('GET /metrics'), Buffer.from(chunked)]), Buffer.from('GET /v2 HTTP/1.0\r\n\r\n')],
    Buffer.from(`POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`),
  ];
  const words = [
    ...[
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\r',
      ' ',
      ':',
      'HTTP/1.1',
      'HTTP/2.0',
      'GET ',
      'CONNECT x:1 ',
      'Transfer-Encoding: chunked\r\n',
      '0\r\n\r\n',
    ],
    ...[
      'Content-Length: 5\r\n',
      'Content-Length: -1\r\n',
      'Connection: close\r\n',
      'Connection: upgrade\r\nUpgrade: websocket\r\n',
      'ffffffff\r\n',
    ],
    ...[
      'Expect: x\r\n',
      'Host: localhost\r\n',
      'Content-Encoding: gzip\r\n',
      `X: ${'y'.repeat(9000)}\r\n`,
      '\0',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ],
  ];
  const counts = new Map<string, number>();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < numRuns / 8; i++) {
        const sent = Buffer.from(mutated(pick(corpus), random, corpus, words));
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => counts.set('reset', (counts.get('reset') ?? 0) + 1));
        let answers = '';
        socket.setEncoding('latin1').on('data', (part: string) => {
          answers += part;
        });
        socket.end(sent);
        await once(socket, 'close');
        for (const [, status] of answers.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) {
          counts.set(status!, (counts.get(status!) ?? 0) + 1);
          if (status!.startsWith('5') && status !== '501')
            t.fail(`seed ${seed}: ${status}: ${answers.slice(0, 500)}: ${sent.toString('base64')}`);
        }
      }
    }),
  );
  t.comment([...counts].map(([status, times]) => `${status}: ${times}`).join(', '));
  for (const status of ['200', '400', '404']) t.ok(counts.get(status)! > numRuns / 80, `${counts.get(status)} times ${status}`);
  t.equal((await ask(String(port), { method: 'GET', path: '/v2/health/live', headers: {}, body: Buffer.alloc(0) })).status, 200);
  t.equal(server.bytesHeld, 0, 'nothing is held');
});
