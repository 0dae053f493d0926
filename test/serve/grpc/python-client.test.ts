// gRPC's own library in Python, which is the C core of most clients: every call gets its status, of refusals too, whose streams are reset.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testNeeding } from '../../support/needing';
import { float } from '../../support/running-server';
import { command } from '../../support/serve-command';

/** That of the system: another one in the path may lack the library. */
const python = '/usr/bin/python3';
const missing = spawnSync(python, ['-c', 'import grpc']).status !== 0 && "Python's gRPC is not installed: apt-get install python3-grpcio";

const program = `
import collections, json, sys
import grpc

channel = grpc.insecure_channel('127.0.0.1:' + sys.argv[1], options=[('grpc.max_send_message_length', 1 << 30)])
service = '/inference.GRPCInferenceService/'
token = (('authorization', 'Bearer open sesame'),)
same = lambda message: message

def field(number, content):
    out, rest = bytearray([8 * number + 2]), len(content)
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    return bytes(out) + bytes([rest]) + content

name = sys.argv[2].encode()
tensor = field(1, b'input') + field(2, b'FP32') + field(3, bytes([1, 28, 28, 1]))
image = field(1, name) + field(5, tensor) + field(7, bytes(3136))
calls = {
    'live': ('ServerLive', b'', None),
    'image': ('ModelInfer', image, token),
    'image without the token': ('ModelInfer', image, None),
    '7 MiB without the token': ('ModelInfer', bytes(7 << 20), None),
    '20 MiB': ('ModelInfer', bytes(20 << 20), token),
    '1 MiB to a small method': ('ServerLive', bytes(1 << 20), None),
    'no image': ('ModelInfer', field(1, name) + field(5, tensor), token),
    'no model': ('ModelMetadata', field(1, b'none'), token),
    'no method': ('None', b'', token),
}
statuses = {}
for what, (method, message, metadata) in calls.items():
    counts = statuses[what] = collections.Counter()
    for _ in range(20):
        try:
            channel.unary_unary(service + method, same, same)(message, metadata=metadata, timeout=60)
            counts['OK'] += 1
        except grpc.RpcError as error:
            counts[error.code().name] += 1
stream = channel.stream_stream(service + 'ModelStreamInfer', same, same)
statuses['stream'] = len(list(stream(iter([image, field(1, b'none'), image]), metadata=token, timeout=60)))
futures = [channel.unary_unary(service + 'ModelInfer', same, same).future(image, metadata=token, timeout=60) for _ in range(100)]
statuses['parallel'] = sum(len(future.result()) > 0 for future in futures)
print(json.dumps(statuses))
`;

testNeeding([missing], "Python's gRPC", async (t) => {
  const script = join(t.testdir(), 'client.py');
  writeFileSync(script, program);
  const { log } = await command(t, ['--grpc-port', '0'], { ADDERNET_TOKEN: 'open sesame' }, [float]);
  const portOf = () => log.map(({ msg }) => /gRPC at .*:(\d+)$/.exec(String(msg))?.[1]).find(Boolean);
  while (portOf() === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  const { stdout, stderr } = spawnSync(python, [script, portOf()!, float], { encoding: 'utf8', timeout: 120_000 });
  t.equal(stderr, '');
  t.same(JSON.parse(stdout), {
    ...{ live: { OK: 20 }, image: { OK: 20 } },
    ...{ 'image without the token': { UNAUTHENTICATED: 20 }, '7 MiB without the token': { UNAUTHENTICATED: 20 } },
    ...{ '20 MiB': { RESOURCE_EXHAUSTED: 20 }, '1 MiB to a small method': { RESOURCE_EXHAUSTED: 20 } },
    ...{ 'no image': { INVALID_ARGUMENT: 20 }, 'no model': { NOT_FOUND: 20 }, 'no method': { UNIMPLEMENTED: 20 } },
    ...{ stream: 3, parallel: 100 },
  });
});
