// Requests that are wrong in every way: 100 per second. The tally tells the status of each kind, so that none can hide among the others.
import { type Attack, Tally, turns } from '../attack';
import { classifyPath, float, inferPath } from '../networks';
import { type Outgoing, rawHeaders, send } from '../requests';
import { openSocket } from '../sockets';

const infer = inferPath(float);
const classify = classifyPath(float);
const tensor = (changed: object): string =>
  JSON.stringify({ inputs: [{ name: 'input', datatype: 'UINT8', shape: [1, 28, 28, 1], data: Array(784).fill(0), ...changed }] });
/** Deeper than JSON.stringify could write. */
const nested = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

const kinds: Record<string, Outgoing> = {
  'no such route': { path: '/v3' },
  'no such model': { path: '/v2/models/none/infer', body: tensor({}) },
  'no such version': { path: `/v2/models/${float.name}/versions/9/infer`, body: tensor({}) },
  'wrong method': { method: 'DELETE', path: infer },
  'no body': { path: infer },
  'no JSON': { path: infer, body: '{"inputs"' },
  'nested JSON': { path: infer, body: `${'['.repeat(100_000)}` },
  'JSON of null': { path: infer, body: 'null' },
  'wrong name': { path: infer, body: tensor({ name: 'output' }) },
  'wrong datatype': { path: infer, body: tensor({ datatype: 'INT64' }) },
  'wrong shape': { path: infer, body: tensor({ shape: [1, 32, 32, 3] }) },
  'nested shape': { path: infer, body: tensor({ shape: 'SHAPE' }).replace('"SHAPE"', nested(50_000)) },
  'huge shape': { path: infer, body: tensor({ shape: [2 ** 40, 28, 28, 1] }) },
  'missing data': { path: infer, body: tensor({ data: [1, 2, 3] }) },
  'data of text': { path: infer, body: tensor({ data: Array(784).fill('a') }) },
  'data beyond a byte': { path: infer, body: tensor({ data: Array(784).fill(256) }) },
  'nested outputs': { path: infer, body: `{"inputs":[{}],"outputs":${nested(50_000)}}` },
  'odd binary_data_size': {
    path: infer,
    body: tensor({ data: undefined, parameters: { binary_data_size: 'SIZE' } }).replace('"SIZE"', nested(50_000)),
  },
  'header length beyond the body': { path: infer, headers: { 'inference-header-content-length': 1e9 }, body: tensor({}) },
  'bytes of no image': { path: infer, headers: rawHeaders, body: Buffer.alloc(1000) },
  NaN: { path: infer, headers: rawHeaders, body: Buffer.alloc(4 * 784, 0xff) },
  'no image': { path: classify, body: 'this is no image' },
  'a truncated image': { path: classify, body: Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1') },
  'a query that does not exist': { path: `${classify}?width=28&height=28&depth=1`, body: Buffer.alloc(784) },
  'an image of no pixels': { path: `${classify}?width=0&height=28`, body: Buffer.alloc(784) },
  'a form without a file': {
    path: classify,
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: '--x\r\n\r\na\r\n--x--',
  },
  'no such encoding': { path: infer, headers: { 'content-encoding': 'br' }, body: 'x' },
  'no gzip': { path: infer, headers: { 'content-encoding': 'gzip' }, body: 'x' },
  'a body that is too large': { path: infer, body: Buffer.alloc((8 << 20) + 1) },
};

const raw: Record<string, string> = {
  'no HTTP': '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
  'HTTP of another version': 'GET / HTTP/9.9\r\n\r\n',
  'two lengths': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'length and chunks': 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a chunk of no size': `POST ${infer} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
  'long headers': `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`,
  'no Host': 'GET /v2 HTTP/1.1\r\n\r\n',
  'an upgrade': 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n',
  CONNECT: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n',
  Expect: 'POST / HTTP/1.1\r\nHost: a\r\nExpect: the unexpected\r\nContent-Length: 0\r\n\r\n',
};

export const attack: Attack = (target, tally) => {
  const named = (kind: string): Tally =>
    Object.assign(new Tally(), { count: (outcome: string | number) => tally.count(`${kind}: ${outcome}`) });
  const complete = Object.entries(kinds).map(([kind, request]) => {
    const own = named(kind);
    return () => void send(target, own, request);
  });
  const bare = Object.entries(raw).map(([kind, text]) => {
    const own = named(kind);
    return () => {
      const socket = openSocket(target, target.port, own);
      socket.write(text, 'latin1');
      setTimeout(() => socket.destroy(), 500);
    };
  });
  const all = [...complete, ...bare];
  return async (signal) => {
    let i = 0;
    for await (const _ of turns(100, signal)) all[i++ % all.length]!();
  };
};
