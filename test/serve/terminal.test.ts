// Names in requests and in model files come back in answers, which clients show on a terminal: control characters are written out.
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as grpc from '@grpc/grpc-js';
import t from 'tap';
import { Model, save } from '../../dist';
import { asJson, input } from '../support/infer-requests';
import { expected, float, running } from '../support/running-server';
import { smallMetadata, smallNetwork } from '../support/small-network';
import { control } from '../support/terminal-controls';

const hostile = 'x\u001b[2J\u0007\u009b31m\u202e\u2066\u200f\u0085\u2028\u007f';
t.test('over HTTP', async (t) => {
  const file = join(t.testdir(), 'small.safetensors');
  const classNames = [hostile, 'b', 'c'];
  await save(new Model(smallNetwork(), { ...smallMetadata, dataset: hostile, classNames }), file);
  const { url } = await running(t, { weights: [float, file] });
  const { x } = await expected(float, 1);
  const tensor = { name: 'input', shape: [1, 6, 6, 1], datatype: 'FP32', data: Array(36).fill(0) };
  const outputs = [{ name: 'logits', parameters: { classification: 3 } }];
  const name = encodeURIComponent(hostile);
  const answers: [string, RequestInit | undefined, status: number][] = [
    [`/v2/models/${name}`, undefined, 404],
    [`/v2/models/${float}/versions/${name}`, undefined, 404],
    [`/v2/models/${float}/classify?${name}=1`, { method: 'POST', body: 'x' }, 400],
    [`/v2/models/${float}/infer`, asJson({ inputs: [{ ...input(x, 'FP32'), name: hostile }] }), 400],
    [`/v2/models/${float}/infer`, { method: 'POST', body: `{"x":${hostile}` }, 400],
    [`/v2/models/${float}/infer`, asJson({ id: hostile, inputs: [input(x, 'FP32')] }), 200],
    ['/v2/models/small', undefined, 200],
    ['/v2/models/small/infer', asJson({ inputs: [tensor], outputs }), 200],
    ['/v2/models/small/classify?width=6&height=6', { method: 'POST', body: Buffer.alloc(36) }, 200],
  ];
  for (const [path, request, status] of answers) {
    const response = await fetch(url + path, request);
    const body = await response.text();
    t.equal(response.status, status, path);
    t.match(body, /\\u009b31m/, 'it is shown');
    t.notMatch(body, control, path);
    if (status === 200) t.ok(JSON.stringify(JSON.parse(body)).includes(JSON.stringify(hostile).slice(1, -1)), 'parsed, it is the same');
  }
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(Buffer.from('GET /\x9b31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 'latin1'));
  t.notMatch((await text(socket)).replaceAll('\r\n', '\n'), control, 'a path that is no text');
});

t.test('over gRPC', async (t) => {
  const { server } = await running(t);
  const { port } = await server.listenGrpc({ host: '127.0.0.1', port: 0 });
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  const named = Buffer.from(hostile);
  const asIs = (data: Buffer) => data;
  for (const [path, field] of [
    ['/inference.GRPCInferenceService/ModelMetadata', 1],
    ['/inference.GRPCInferenceService/ModelInfer', 1],
    ['/grpc.health.v1.Health/Check', 1],
  ] as const) {
    const message = Buffer.concat([Buffer.from([8 * field + 2, named.length]), named]);
    const { details } = await new Promise<grpc.ServiceError>((resolve) =>
      client.makeUnaryRequest(path, asIs, asIs, message, (error) => resolve(error!)),
    );
    t.match(details, /\\u009b31m/);
    t.notMatch(details, control);
  }
});
