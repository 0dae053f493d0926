// What clients of the protocol send besides the plainest of requests: compressed bodies, nulls, raw tensors, forms, other methods.
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import sharp from 'sharp';
import t from 'tap';
import { asJson, binaryRequest, input } from '../support/infer-requests';
import { bytes, digits, expected, float, options, running } from '../support/running-server';

const infer = `/v2/models/${float}/infer`;
const classify = `/v2/models/${float}/classify`;
const bytesOf = ({ data }: { data: Float32Array }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

t.test('compressed bodies', async (t) => {
  const { url } = await running(t);
  const { x, y } = await expected(float, 2);
  const json = JSON.stringify({ inputs: [input(x, 'FP32')] });
  const bodies: Record<string, [string, Buffer]> = {
    gzip: ['gzip', gzipSync(json)],
    'in capitals': ['GZIP', gzipSync(json)],
    'x-gzip': ['x-gzip', gzipSync(json)],
    deflate: ['deflate', deflateSync(json)],
    'deflate without its header': ['deflate', deflateRawSync(json)],
    'as it is': ['identity', Buffer.from(json)],
  };
  for (const [kind, [encoding, body]] of Object.entries(bodies)) {
    const response = await fetch(url + infer, { method: 'POST', body, headers: { 'content-encoding': encoding } });
    t.equal(response.status, 200, kind);
    t.same(((await response.json()) as { outputs: [{ data: number[] }] }).outputs[0].data, [...y.data], kind);
  }

  // The length of the JSON is that before compression.
  const whole = binaryRequest(x, 'FP32', { parameters: { binary_data_output: true } });
  const headers = { ...(whole.headers as Record<string, string>), 'content-encoding': 'gzip' };
  const response = await fetch(url + infer, { ...whole, body: gzipSync(whole.body as Buffer), headers });
  t.equal(response.status, 200, 'JSON and bytes');
  const answer = Buffer.from(await response.arrayBuffer());
  t.same(answer.subarray(Number(response.headers.get('inference-header-content-length'))), bytesOf(y));

  const image = gzipSync(Buffer.from(digits.images(0, 1).data));
  const classes = await fetch(`${url}${classify}?width=28&height=28`, {
    method: 'POST',
    body: image,
    headers: { 'content-encoding': 'gzip' },
  });
  t.equal(classes.status, 200, 'an image');
});

t.test('bodies that cannot be decompressed', async (t) => {
  const { url } = await running(t);
  const json = '{"inputs":[]}';
  const post = async (encoding: string, body: Buffer) => {
    const response = await fetch(url + infer, { method: 'POST', body, headers: { 'content-encoding': encoding } });
    return { status: response.status, headers: response.headers, ...((await response.json()) as { error: string }) };
  };
  for (const encoding of ['br', 'zstd', 'gzip, gzip', 'x']) {
    const { status, error, headers } = await post(encoding, brotliCompressSync(json));
    t.equal(status, 415, encoding);
    t.match(error, `encoded as '${encoding}', expected gzip, deflate`);
    t.equal(headers.get('accept-encoding'), 'gzip, deflate');
  }
  const whole = gzipSync(JSON.stringify({ inputs: [], id: 'x'.repeat(100) }));
  const broken = Buffer.from(whole);
  broken.writeUInt8(broken[30]! ^ 255, 30);
  for (const [kind, encoding, body] of [
    ['not compressed', 'gzip', Buffer.from(json)],
    ['not compressed', 'deflate', Buffer.from('xyz')],
    ['cut short', 'gzip', whole.subarray(0, -12)],
    ['damaged', 'gzip', broken],
  ] as const)
    t.match(await post(encoding, body), { status: 400, error: `cannot be decompressed as ${encoding}` }, kind);
});

t.test('a body that decompresses to more than its limit', async (t) => {
  const { url } = await running(t);
  const bomb = gzipSync(Buffer.alloc(500 << 20, ' '), { level: 9 });
  t.ok(bomb.length < options.maxBody, 'small enough as it comes');
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 20; i++) {
    const response = await fetch(url + infer, { method: 'POST', body: bomb, headers: { 'content-encoding': 'gzip' } });
    t.match(
      { status: response.status, ...((await response.json()) as object) },
      { status: 413, error: `the body is too large: more bytes, expected at most ${options.maxBody}` },
    );
  }
  const grown = process.memoryUsage.rss() - before;
  t.ok(grown < 150e6, `${grown} bytes`);
  const exact = `{"id":"${'x'.repeat(options.maxBody - 9)}"}`;
  const response = await fetch(url + infer, { method: 'POST', body: gzipSync(exact), headers: { 'content-encoding': 'gzip' } });
  t.match(
    { status: response.status, ...((await response.json()) as object) },
    { status: 400, error: /more than 65536 bytes of JSON besides the numbers/ },
    'as much as there is room for',
  );
});

t.test('responses are compressed where the client accepts it', async (t) => {
  const { url } = await running(t);
  const { x, y } = await expected(float, 5);
  const many = JSON.stringify({ inputs: [input(x, 'FP32')] });
  const ask = (headers: Record<string, string>, body: string | Buffer = many) =>
    new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const request = httpRequest(url + infer, { method: 'POST', headers }, async (response) =>
        resolve({ headers: response.headers, body: await buffer(response) }),
      );
      request.on('error', reject).end(body);
    });
  const dataOf = (json: Buffer) => JSON.parse(json.toString()).outputs[0].data as number[];
  for (const [accepted, encoding, unpack] of [
    ['gzip', 'gzip', gunzipSync],
    ['deflate, gzip;q=0.5', 'gzip', gunzipSync],
    ['deflate', 'deflate', inflateSync],
    ['gzip;q=0, deflate', 'deflate', inflateSync],
    ['*', 'gzip', gunzipSync],
    ['br', undefined, (body: Buffer) => body],
    ['gzip;q=0', undefined, (body: Buffer) => body],
    ['', undefined, (body: Buffer) => body],
  ] as const) {
    const { headers, body } = await ask({ 'accept-encoding': accepted });
    t.equal(headers['content-encoding'], encoding, accepted);
    t.equal(headers.vary, 'accept-encoding');
    t.equal(Number(headers['content-length']), body.length);
    t.same(dataOf(unpack(body)), [...y.data], accepted);
  }
  const { x: one } = await expected(float, 1);
  const short = await ask({ 'accept-encoding': 'gzip' }, JSON.stringify({ inputs: [input(one, 'FP32')] }));
  t.equal(short.headers['content-encoding'], undefined, 'a short one does not');
});

t.test('what is optional may be null, or empty', async (t) => {
  const { url } = await running(t);
  const { x, y } = await expected(float, 1);
  const good = input(x, 'FP32');
  const logits = { name: 'logits' };
  const bodies: object[] = [
    { id: null, inputs: [good] },
    { parameters: null, inputs: [good] },
    { outputs: null, inputs: [good] },
    { outputs: [], inputs: [good] },
    { inputs: [{ ...good, parameters: null }] },
    { inputs: [{ ...good, parameters: { binary_data_size: null } }] },
    { inputs: [good], outputs: [{ ...logits, parameters: null }] },
    { inputs: [good], outputs: [{ ...logits, parameters: { binary_data: null, classification: null } }] },
    { inputs: [good], parameters: { binary_data_output: null } },
    { inputs: [good], outputs: [{ ...logits, parameters: { classification: 0 } }] },
    // Schedules and traces, or is the client's own.
    {
      inputs: [{ ...good, parameters: { content_type: 'np' } }],
      parameters: { sequence_id: 3, sequence_start: true, sequence_end: false, priority: 1, timeout: 500_000, headers: {}, mine: [1] },
    },
  ];
  for (const body of bodies) {
    const response = await fetch(url + infer, asJson(body));
    const answer = (await response.json()) as { outputs: [{ data: number[] }]; id?: string };
    t.equal(response.status, 200, JSON.stringify({ ...body, inputs: undefined }));
    t.same(answer.outputs[0].data, [...y.data]);
    t.notOk('id' in answer);
  }
  for (const mark of ['\uFEFF', '\uFEFF\n ']) {
    const marked = await fetch(url + infer, { method: 'POST', body: mark + JSON.stringify({ inputs: [good] }) });
    t.equal(marked.status, 200, 'after a byte order mark');
  }
});

t.test('a raw request: the bytes of the one input, and no JSON', async (t) => {
  const { url } = await running(t);
  const headers = { 'inference-header-content-length': '0', 'content-type': 'application/octet-stream' };
  const post = (body: Buffer) => fetch(url + infer, { method: 'POST', headers, body });
  for (const count of [1, 3]) {
    const { x, y } = await expected(float, count);
    const response = await post(bytesOf(x));
    t.equal(response.status, 200);
    const answer = Buffer.from(await response.arrayBuffer());
    const length = Number(response.headers.get('inference-header-content-length'));
    t.match(JSON.parse(answer.subarray(0, length).toString()).outputs, [
      { name: 'logits', datatype: 'FP32', shape: [count, 10], parameters: { binary_data_size: 40 * count } },
    ]);
    t.same(answer.subarray(length), bytesOf(y), 'answered in bytes');
  }
  for (const length of [0, 784, 3135, 3137])
    t.match({ status: (await post(Buffer.alloc(length))).status }, { status: 400 }, `${length} bytes are no images`);
});

t.test('parameters that would change the answer are never ignored', async (t) => {
  const { url } = await running(t);
  const { x } = await expected(float, 1);
  const good = input(x, 'FP32');
  const output = (parameters: object) => ({ inputs: [good], outputs: [{ name: 'logits', parameters }] });
  const cases: [object, RegExp][] = [
    [output({ classification: -1 }), /classification is -1, expected the number/],
    [output({ classification: 1.5 }), /classification is 1.5/],
    [output({ classification: '3' }), /classification is '3'/],
    [output({ classification: true }), /classification is true/],
    [output({ clasification: 3 }), /there is no 'clasification', expected binary_data or classification/],
    [output({ binary_data: 'yes' }), /binary_data is 'yes', expected true or false/],
    [output({ binary_data: 1 }), /binary_data is 1, expected true or false/],
    [output({ binary_data_size: 4 }), /'binary_data_size' is not supported there/],
    [output({ shared_memory_region: 'r', shared_memory_byte_size: 40 }), /'shared_memory_region' is not supported there/],
    [{ inputs: [{ ...good, data: undefined, parameters: { shared_memory_region: 'r' } }] }, /'shared_memory_region'/],
    [{ inputs: [good], parameters: { classification: 3 } }, /'classification' is not supported there, expected binary_data_output/],
    [{ inputs: [good], parameters: { binary_data_output: 'true' } }, /binary_data_output is 'true'/],
    [{ inputs: [good], parameters: [] }, /parameters of the request is an array/],
    [{ inputs: [{ ...good, parameters: { binary_data_size: 3136 } }] }, /both data and binary_data_size/],
    [{ inputs: [{ ...good, data: undefined, parameters: { binary_data_size: '3136' } }] }, /binary_data_size is '3136', expected 3136/],
    [{ inputs: [{ ...good, data: undefined, parameters: { binary_data_size: {} } }] }, /binary_data_size is an object/],
    [{ inputs: [good], outputs: [{ name: 'logits' }, { name: 'logits' }] }, /2 entries/],
    [{ inputs: [good], outputs: ['logits'] }, /outputs\[0\] is a string, expected {/],
    [{ inputs: [good], outputs: 'logits' }, /outputs is a string/],
  ];
  for (const [body, error] of cases) {
    const response = await fetch(url + infer, asJson(body));
    t.match({ status: response.status, ...((await response.json()) as object) }, { status: 400, error });
  }
  const whole = binaryRequest(x, 'FP32', {});
  const json = JSON.stringify({ inputs: [good] });
  const stray = await fetch(url + infer, {
    ...whole,
    body: Buffer.concat([Buffer.from(json), Buffer.alloc(8)]),
    headers: { 'inference-header-content-length': String(json.length) },
  });
  t.match({ status: stray.status, ...((await stray.json()) as object) }, { status: 400, error: /8 bytes follow the JSON, but/ });
});

t.test('JSON that is strange, but no reason to fall', async (t) => {
  const { url } = await running(t);
  const { x } = await expected(float, 1);
  const good = JSON.stringify(input(x, 'FP32'));
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const shape = (text: string) => good.replace('[1,28,28,1]', text);
  const bodies = {
    'deep outputs': `{"inputs":[${good}],"outputs":${deep}}`,
    'deep parameters': `{"inputs":[${good}],"parameters":${deep}}`,
    'a deep name': `{"inputs":[${good}],"outputs":[{"name":${deep}}]}`,
    'deep inputs': `{"inputs":${deep}}`,
    'deep data': `{"inputs":[{"name":"input","datatype":"FP32","shape":[1,28,28,1],"data":${deep}}]}`,
    'a deep shape': `{"inputs":[${shape(deep)}]}`,
    'a shape within a shape': `{"inputs":[${shape('[[1],28,28,1]')}]}`,
    'a shape of text': `{"inputs":[${shape('["1","28","28","1"]')}]}`,
    'a shape of fractions': `{"inputs":[${shape('[1.5,28,28,1]')}]}`,
    'a shape without end': `{"inputs":[${shape('[9007199254740991,28,28,1]')}]}`,
    'a long name': `{"inputs":[${good.replace('"input"', `"${'n'.repeat(50_000)}"`)}]}`,
    'no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
    'a mark alone': '\uFEFF',
    'two of them': '{}{}',
  };
  for (const [kind, body] of Object.entries(bodies)) {
    const response = await fetch(url + infer, { method: 'POST', body });
    const { error } = (await response.json()) as { error: string };
    t.equal(response.status, kind === 'a shape without end' ? 413 : 400, `${kind}: ${error.slice(0, 300)}`);
    t.ok(error.length < 400, 'says it shortly');
  }
  for (const datatype of ['FP16', 'BF16', 'FP64', 'INT8', 'INT32', 'INT64', 'UINT16', 'BOOL', 'BYTES', 'fp32', '', null, 7]) {
    const response = await fetch(url + infer, asJson({ inputs: [{ ...input(x, 'FP32'), datatype }] }));
    const { error } = (await response.json()) as { error: string };
    t.equal(response.status, 400);
    t.match(error, typeof datatype === 'string' ? `datatype is '${datatype}', expected 'FP32' or 'UINT8'` : /datatype is (null|7)/);
  }
});

t.test('an address that exists, asked in another way', async (t) => {
  const { url } = await running(t);
  for (const [path, allowed] of Object.entries({
    '/v2': 'GET, HEAD',
    '/v2/health/live': 'GET, HEAD',
    '/metrics': 'GET, HEAD',
    '/': 'GET, HEAD',
    [`/v2/models/${float}`]: 'GET, HEAD',
    [`/v2/models/${float}/versions/1/config`]: 'GET, HEAD',
    [infer]: 'POST',
    [classify]: 'POST',
    '/v2/repository/index': 'POST',
    [`/v2/repository/models/${float}/load`]: 'POST',
  }))
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (allowed.includes(method)) continue;
      const response = await fetch(url + path, { method });
      t.equal(response.status, 405, `${method} ${path}`);
      t.equal(response.headers.get('allow'), allowed);
      const body = await response.text();
      if (method !== 'HEAD') t.match(JSON.parse(body), { error: `${method} is not supported here, expected ${allowed}` });
    }
  t.equal((await fetch(`${url}/v2`, { method: 'HEAD' })).status, 200);
  t.equal((await fetch(`${url}/nowhere`, { method: 'PUT' })).status, 404, 'an address that does not exist');
  // The answer may come while the body is still being sent, and the connection ends with it.
  const status = await fetch(url + infer, { method: 'PUT', body: Buffer.alloc(2 * options.maxBody) }).then(
    (response) => response.status,
    (error) => error.cause?.code,
  );
  t.ok([405, 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(status), `${status}`);
  t.equal((await fetch(`${url}/v2/health/live`)).status, 200, 'and others are served');
});

t.test('images in forms, as curl -F sends them', async (t) => {
  const { url } = await running(t);
  const digit = digits.images(0, 1);
  const target = digits.targets(0, 1)[0]!;
  const png = await sharp(digit.data, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();
  const post = async (body: FormData, path = `${classify}?top=1`) => {
    const response = await fetch(url + path, { method: 'POST', body });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const form = (...files: [string, Buffer][]) => {
    const data = new FormData();
    data.set('comment', 'a digit');
    for (const [name, file] of files) data.append(name, new Blob([file], { type: 'image/png' }), `${name}.png`);
    return data;
  };
  t.match(await post(form(['image', png])), { status: 200, classes: [{ class: target }] });
  t.match(await post(form(['image', Buffer.from(digit.data)]), `${classify}?width=28&height=28`), {
    status: 200,
    classes: [{ class: target }],
  });
  t.match(await post(form()), { status: 400, error: /0 files, expected one image; .*curl --data-binary @a.png/ });
  t.match(await post(form(['a', png], ['b', png])), { status: 400, error: /2 files, expected one/ });
  t.match(await post(form(['image', Buffer.from('x')])), { status: 415, error: /curl --data-binary @a.png/ }, 'no image');
  t.match(await post(form(['image', png]), infer), { status: 415, error: /a form, expected JSON or tensors/ });
  const raw = async (body: string | Buffer, type = 'multipart/form-data; boundary=X') => {
    const response = await fetch(url + classify, { method: 'POST', body, headers: { 'content-type': type } });
    return { status: response.status, ...((await response.json()) as object) };
  };
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=X', 'multipart/mixed; boundary=X'])
    t.match(await raw('--Y\r\nnothing', type), { status: 415, error: /curl --data-binary/ }, type);
  const file = (content: Buffer, rest = '') =>
    Buffer.concat([
      Buffer.from(`--X\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n${rest}\r\n`),
      content,
      Buffer.from('\r\n'),
    ]);
  const end = Buffer.from('--X--\r\n');
  t.match(await raw(Buffer.concat([file(png), end])), { status: 200 });
  t.match(
    await raw(Buffer.concat([Buffer.from('before\r\n'), file(png, 'A: b\r\n'), end]), 'Multipart/Form-Data; charset=utf-8; boundary="X"'),
    {
      status: 200,
    },
  );
  t.match(await raw(file(png)), { status: 415 }, 'without its end');
  t.match(await raw('--X\r\nContent-Disposition: form-data; name="f"'), { status: 415 }, 'cut short');
  const began = performance.now();
  t.match(await raw(Buffer.concat([...Array(15_000).fill(file(Buffer.alloc(0))), end])), { status: 415 }, 'too many of them');
  t.ok(performance.now() - began < 500, 'are not all looked at');
  t.match(await raw(Buffer.concat([file(png, `A: ${'b'.repeat(500_000)}\r\n`), end])), { status: 200 }, 'a long header');
});

t.test("Triton's client, byte for byte", async (t) => {
  const { url } = await running(t);
  const { x, y } = await expected(bytes, 2);
  const header = Buffer.from(
    `{"id":"7","parameters":{"sequence_id":3,"sequence_start":true,"sequence_end":false,"priority":1,"timeout":500000},"inputs":[{"name":"input","shape":[2,28,28,1],"datatype":"FP32","parameters":{"binary_data_size":6272}}],"outputs":[{"name":"logits","parameters":{"binary_data":true}}]}`,
  );
  const body = Buffer.concat([header, bytesOf(x)]);
  const head = (rest: string, length: number) =>
    `POST /v2/models/${bytes}/infer HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: ${length}\r\nInference-Header-Content-Length: ${header.length}\r\n${rest}Connection: close\r\n\r\n`;
  const packed = gzipSync(body);
  for (const [sent, content] of [
    ['', body],
    ['Content-Encoding: gzip\r\nAccept-Encoding: gzip\r\n', packed],
  ] as const) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(Buffer.concat([Buffer.from(head(sent, content.length)), content]));
    const answer = await buffer(socket);
    const end = answer.indexOf('\r\n\r\n');
    const headers = answer.subarray(0, end).toString().toLowerCase();
    t.match(headers, /^http\/1.1 200 ok/);
    const length = Number(/inference-header-content-length: (\d+)/.exec(headers)![1]);
    const rest = answer.subarray(end + 4);
    t.match(JSON.parse(rest.subarray(0, length).toString()), { id: '7', outputs: [{ parameters: { binary_data_size: 80 } }] });
    t.same(rest.subarray(length), bytesOf(y));
  }
});

t.test('nothing is left of what was sent with a refused encoding', async (t) => {
  const { url } = await running(t);
  // Two requests over one connection: the body of the first must not be taken for the second.
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`POST ${infer} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nabcde`);
  socket.write('GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  const answer = await text(socket);
  t.same(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 415', 'HTTP/1.1 200']);
});

t.test('transparent images: what they lie on, and light for dark', async (t) => {
  const { url } = await running(t);
  const digit = digits.images(0, 1);
  const target = digits.targets(0, 1)[0]!;
  const ink = Buffer.from([...digit.data].flatMap((opacity) => [0, 0, 0, opacity]));
  const png = await sharp(ink, { raw: { width: 28, height: 28, channels: 4 } })
    .png()
    .toBuffer();
  const classified = async (query: string) => {
    const response = await fetch(`${url}${classify}?top=1${query}`, { method: 'POST', body: png });
    return { status: response.status, ...((await response.json()) as object) };
  };
  const alone = await fetch(`${url}${classify}?top=1&width=28&height=28`, { method: 'POST', body: Buffer.from(digit.data) });
  const { classes } = (await alone.json()) as { classes: [{ class: number; probability: number }] };
  t.equal(classes[0].class, target);
  for (const query of ['&invert=true', '&invert=1', '&invert', '&invert=true&background=white', '&invert=true&background=%23fff'])
    t.match(await classified(query), { status: 200, classes }, query);
  t.notMatch(await classified('&background=black'), { classes }, 'black on black');
  t.match(await classified('&invert=maybe'), { status: 400, error: /invert is 'maybe', expected true or false/ });
  t.match(await classified('&background=no-color'), { status: 400, error: /background is/ });
  t.match(await classified('&top=2'), { status: 400, error: /top is given more than once/ });
});
