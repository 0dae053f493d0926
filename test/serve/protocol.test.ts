// The server by the rules of the Open Inference Protocol v2: every answer fits the protocol's own description, and holds the bits of the session.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Ajv from 'ajv';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { Tensor } from '../../dist';
import { asJson, binaryRequest, input } from '../support/infer-requests';
import { bytes, digits, expected, float, running } from '../support/running-server';

const extensions = ['binary_tensor_data', 'classification', 'model_configuration', 'model_repository(index)', 'statistics'];
const description = parse(readFileSync(join(__dirname, '../../test/fixtures/open_inference_rest.yaml'), 'utf8'));
const ajv = new Ajv({ strict: false });
ajv.addSchema(description, 'protocol');

function fits(t: Test, schema: string, body: unknown): void {
  const validate = ajv.getSchema(`protocol#/components/schemas/${schema}`)!;
  t.ok(validate(body), `is a ${schema}: ${JSON.stringify(validate.errors)}`);
}

t.test('health and metadata', async (t) => {
  const { url } = await running(t);
  const get = async (path: string) => {
    const response = await fetch(url + path);
    t.equal(response.status, 200, path);
    t.match(response.headers.get('content-type'), 'application/json');
    return (await response.json()) as Record<string, unknown>;
  };
  t.same(await get('/v2/health/live'), { live: true });
  t.same(await get('/v2/health/ready'), { ready: true });
  for (const path of ['/v2', '/v2/']) {
    const server = await get(path);
    fits(t, 'metadata_server_response', server);
    t.same(server, { name: 'addernet', version: '1.2.3', extensions });
  }
  for (const name of [float, bytes])
    for (const version of ['', '/versions/1']) {
      t.same(await get(`/v2/models/${name}${version}/ready`), { name, ready: true });
      const model = await get(`/v2/models/${name}${version}`);
      fits(t, 'metadata_model_response', model);
      t.match(model, {
        name,
        versions: ['1'],
        inputs: [{ name: 'input', datatype: 'FP32', shape: [-1, 28, 28, 1] }],
        outputs: [{ name: 'logits', datatype: 'FP32', shape: [-1, 10] }],
        parameters: { kind: 'adder', bits: name === float ? 32 : 8 },
      });
    }
  const index = await (await fetch(`${url}/v2/repository/index`, { method: 'POST' })).json();
  t.same(
    index,
    [float, bytes].map((name) => ({ name, version: '1', state: 'READY' })),
  );
});

for (const name of [float, bytes])
  t.test(`${name}: tensors in JSON and in bytes`, async (t) => {
    const { url } = await running(t);
    const { pixels, x, y } = await expected(name, 3);
    const rows = Array.from({ length: 3 }, (_, i) => [...x.data.subarray(i * 784, (i + 1) * 784)]);
    const nested = rows.map((row) => Array.from({ length: 28 }, (_, r) => row.slice(28 * r, 28 * r + 28).map((v) => [v])));
    const inputs = { 'flat floats': input(x, 'FP32'), 'nested floats': input(x, 'FP32', nested), pixels: input(pixels, 'UINT8') };
    for (const [kind, tensor] of Object.entries(inputs))
      for (const path of [`/v2/models/${name}/infer`, `/v2/models/${name}/versions/1/infer`]) {
        const question = { id: 'a question', inputs: [tensor], outputs: [{ name: 'logits' }] };
        fits(t, 'inference_request', question);
        const response = await fetch(url + path, asJson(question));
        t.equal(response.status, 200, kind);
        t.match(response.headers.get('server-timing'), /^queue;dur=[\d.]+, run;dur=[\d.]+$/);
        const body = (await response.json()) as { outputs: { data: number[] }[] };
        fits(t, 'inference_response', body);
        t.match(body, {
          model_name: name,
          model_version: '1',
          id: 'a question',
          outputs: [{ name: 'logits', shape: [3, 10], datatype: 'FP32' }],
        });
        t.same(body.outputs[0]!.data, [...y.data], `${kind}: to the last bit`);
      }
  });

t.test('the binary tensor data extension', async (t) => {
  const { url } = await running(t);
  const { pixels, x, y } = await expected(bytes, 2);
  const wishes = {
    'all in bytes': { parameters: { binary_data_output: true } },
    'this in bytes': { outputs: [{ name: 'logits', parameters: { binary_data: true } }] },
    'this goes before all': { parameters: { binary_data_output: true }, outputs: [{ name: 'logits', parameters: { binary_data: false } }] },
    'no wish': {},
  };
  for (const [tensor, datatype] of [
    [x, 'FP32'],
    [pixels, 'UINT8'],
  ] as const)
    for (const [wish, rest] of Object.entries(wishes)) {
      const response = await fetch(`${url}/v2/models/${bytes}/infer`, binaryRequest(tensor, datatype, rest));
      t.equal(response.status, 200, `${datatype}, ${wish}`);
      const body = Buffer.from(await response.arrayBuffer());
      const length = response.headers.get('inference-header-content-length');
      if (!wish.endsWith('in bytes')) {
        t.equal(length, null);
        t.same(JSON.parse(body.toString()).outputs[0].data, [...y.data]);
        continue;
      }
      t.equal(response.headers.get('content-type'), 'application/octet-stream');
      t.same(JSON.parse(body.subarray(0, Number(length)).toString()), {
        model_name: bytes,
        model_version: '1',
        outputs: [{ name: 'logits', shape: [2, 10], datatype: 'FP32', parameters: { binary_data_size: 80 } }],
      });
      t.same(body.subarray(Number(length)), Buffer.from(y.data.buffer, y.data.byteOffset, y.data.byteLength), 'the bits of the session');
    }
});

t.test('requests that are wrong, each in its own way', async (t) => {
  const { url } = await running(t, { maxBody: 100_000 });
  const { x } = await expected(float, 1);
  const good = input(x, 'FP32');
  const infer = `/v2/models/${float}/infer`;
  const ask = (changed: object) => asJson({ inputs: [{ ...good, ...changed }] });
  const binary = (changed: Record<string, string>) => {
    const whole = binaryRequest(x, 'FP32', {});
    return { ...whole, headers: { ...(whole.headers as Record<string, string>), ...changed } };
  };
  const short = binaryRequest(new Tensor(x.data.subarray(0, 783), [783]), 'FP32', {});
  const cases: [string, RequestInit, number, RegExp][] = [
    ['/v2/models/none/infer', ask({}), 404, /no model 'none', expected 'lenet5-bn-mnist'/],
    [`/v2/models/${float}/versions/7/infer`, ask({}), 404, /no version '7', expected 1/],
    ['/nowhere', {}, 404, /no GET \/nowhere/],
    [infer, { method: 'POST' }, 400, /not valid JSON/],
    [infer, { method: 'POST', body: '{"inputs":' }, 400, /not valid JSON/],
    [infer, { method: 'POST', body: 'null' }, 400, /is null, expected an object/],
    [infer, asJson([]), 400, /is an array, expected an object/],
    [infer, asJson({}), 400, /inputs: expected an array of one tensor/],
    [infer, asJson({ inputs: [good, good] }), 400, /one tensor/],
    [infer, asJson({ inputs: ['x'] }), 400, /one tensor/],
    [infer, asJson({ id: 7, inputs: [good] }), 400, /id is a number/],
    [infer, asJson({ id: 'a'.repeat(1025), inputs: [good] }), 400, /id has 1025 characters, expected at most 1024/],
    [infer, ask({ name: 'x' }), 400, /name is 'x', expected 'input'/],
    [infer, ask({ shape: [1, 1, 28, 28] }), 400, /shape is \[1,1,28,28\], expected \[n,28,28,1\]/],
    [infer, ask({ shape: [0, 28, 28, 1] }), 400, /n at least 1/],
    [infer, ask({ shape: [1e12, 28, 28, 1] }), 413, /1000000000000 images, but at most 256/],
    [infer, ask({ shape: 'large' }), 400, /shape/],
    [infer, ask({ datatype: 'FP16' }), 400, /datatype is 'FP16', expected 'FP32' or 'UINT8'/],
    [infer, ask({ data: undefined }), 400, /data is missing/],
    [infer, ask({ data: [...x.data.subarray(1)] }), 400, /783 elements, expected 784/],
    [infer, ask({ data: ['1', ...x.data.subarray(1)] }), 400, /a string where a number/],
    [infer, ask({ data: [[[[[1]]]]] }), 400, /data/],
    [infer, ask({ data: [1e39, ...x.data.subarray(1)] }), 400, /data\[0\] is Infinity/],
    [infer, ask({ datatype: 'UINT8' }), 400, /data\[0\] is -0.4/],
    [infer, ask({ parameters: [] }), 400, /parameters of inputs\[0\] is an array/],
    [infer, ask({ data: undefined, parameters: { binary_data_size: 3136 } }), 400, /0 bytes after the JSON, expected 3136/],
    [infer, asJson({ inputs: [good], outputs: [{ name: 'y' }] }), 400, /outputs/],
    [infer, asJson({ inputs: [good], outputs: {} }), 400, /outputs/],
    [infer, binary({ 'inference-header-content-length': '-1' }), 400, /Inference-Header-Content-Length/],
    [infer, binary({ 'inference-header-content-length': '9999999' }), 400, /Inference-Header-Content-Length/],
    [infer, binary({ 'inference-header-content-length': 'x' }), 400, /Inference-Header-Content-Length/],
    [infer, binary({ 'inference-header-content-length': '5' }), 400, /not valid JSON/],
    [infer, { ...short }, 400, /shape/],
    [infer, { method: 'POST', body: Buffer.alloc(100_001) }, 413, /too large/],
    [`/v2/models/${float}/classify`, { method: 'POST' }, 400, /empty/],
    [`/v2/models/${float}/classify`, { method: 'POST', body: 'not an image' }, 400, /cannot read the image/],
    [`/v2/models/${float}/classify?width=28`, { method: 'POST', body: Buffer.alloc(784) }, 400, /height/],
    [`/v2/models/${float}/classify?width=28&height=29`, { method: 'POST', body: Buffer.alloc(784) }, 400, /784 bytes/],
    [`/v2/models/${float}/classify?width=5000&height=5000`, { method: 'POST', body: Buffer.alloc(784) }, 400, /more than 1000000 pixels/],
    [`/v2/models/${float}/classify?top=0`, { method: 'POST', body: Buffer.alloc(784) }, 400, /top is '0'/],
    [`/v2/models/${float}/classify?top=1&top=2`, { method: 'POST', body: Buffer.alloc(784) }, 400, /top is given more than once/],
    [`/v2/models/${float}/classify?depth=1`, { method: 'POST', body: Buffer.alloc(784) }, 400, /no parameter 'depth'/],
  ];
  for (const [path, init, status, message] of cases) {
    const response = await fetch(url + path, init);
    const body = (await response.json()) as { error: string };
    t.equal(response.status, status, `${message}: ${JSON.stringify(body)}`);
    t.match(body.error, message);
    fits(t, 'inference_error_response', body);
  }
  const { status } = await fetch(url + infer, ask({}));
  t.equal(status, 200, 'and then a right one');
});

t.test('requests that are not HTTP, or malformed', async (t) => {
  const { url } = await running(t, { timeout: 1000 });
  const infer = `POST /v2/models/${float}/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n`;
  const cases: Record<string, [string, RegExp, RegExp]> = {
    nonsense: ['NONSENSE\r\n\r\n', /400 Bad Request/, /not an HTTP request/],
    'an address that is none': [
      'GET /v2/models/%E0%A4%A HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
      /400 Bad Request/,
      /not a valid url/,
    ],
    'a name without end': [`GET /v2/models/${'a'.repeat(500)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`, /414 /, /aaaa/],
    'headers without end': [`GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nA: ${'a'.repeat(20_000)}\r\n\r\n`, /431 /, /headers are too large/],
    'no host': ['GET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n', /400 Bad Request/, /no Host/],
    'two lengths': [`${infer}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`, /400 Bad Request/, /not an HTTP request/],
    'a length and chunks': [
      `${infer}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /400 Bad Request/,
      /not an HTTP request/,
    ],
    'a chunk of no size': [`${infer}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, /400 Bad Request/, /not an HTTP request/],
    'a length too large': [`${infer}Content-Length: 99999999999\r\n\r\nabc`, /413 /, /too large/],
    'a body whose type is none, which is read all the same': [
      `${infer}Content-Type: ;;;;\r\nContent-Length: 2\r\n\r\n{}`,
      /400 Bad Request/,
      /inputs: expected/,
    ],
    'a body that never ends': [`${infer}Content-Length: 20\r\n\r\n{}`, /408 /, /too long to arrive/],
  };
  for (const [kind, [sent, status, error]] of Object.entries(cases)) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(sent);
    const [head, body] = (await text(socket)).split('\r\n\r\n');
    t.match(head, status, kind);
    t.match(JSON.parse(body!), { error }, kind);
  }
});

t.test('images: files and pixels', async (t) => {
  const { url } = await running(t);
  const { default: sharp } = await import('sharp');
  const digit = digits.images(0, 1);
  const target = digits.targets(0, 1)[0]!;
  const image = sharp(digit.data, { raw: { width: 28, height: 28, channels: 1 } });
  const bodies = {
    png: await image.clone().png().toBuffer(),
    jpeg: await image.clone().jpeg({ quality: 95 }).toBuffer(),
    raw: Buffer.from(digit.data),
  };
  for (const name of [float, bytes])
    for (const [kind, body] of Object.entries(bodies)) {
      const query = kind === 'raw' ? '?width=28&height=28&top=3' : '?top=3';
      const response = await fetch(`${url}/v2/models/${name}/classify${query}`, { method: 'POST', body });
      const answer = (await response.json()) as { classes: { class: number; name: string; probability: number }[] };
      t.match(answer, { model_name: name, model_version: '1', classes: [{ class: target, name: String(target) }] }, kind);
      t.equal(answer.classes.length, 3);
    }
});

t.test('an image that cannot be scaled', async (t) => {
  const size = 8_000_000;
  const { url } = await running(t, { maxBody: size, maxPixels: size });
  const query = `?width=${size}&height=1`;
  const response = await fetch(`${url}/v2/models/${float}/classify${query}`, { method: 'POST', body: Buffer.alloc(size) });
  t.match(
    { status: response.status, ...((await response.json()) as object) },
    { status: 400, error: /of 8000000 x 1 pixels cannot be scaled/ },
  );
});
