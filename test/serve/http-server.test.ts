// What a connection leaves behind: requests when it closes, the rest of a body when its request was answered.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import t, { type Test } from 'tap';
import { Connections } from '../../dist/serve/connections';
import { createHttpServer } from '../../dist/serve/http-server';

/** The port of a server. */
async function listening(t: Test, handler: Parameters<typeof createHttpServer>[0]): Promise<number> {
  const server = createHttpServer(handler, new Connections(10), 10_000, (error) => t.fail(String(error)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

t.test('the errors of requests that a connection leaves behind have no stacks, others do', async (t) => {
  const stacks: (string | undefined)[] = [];
  let begun = () => {};
  const port = await listening(t, (request) => {
    request.on('error', ({ stack }) => stacks.push(stack));
    begun();
  });
  const limit = Error.stackTraceLimit;
  const socket = connect(port, '127.0.0.1');
  const arrived = new Promise<void>((resolve) => {
    begun = resolve;
  });
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n');
  await arrived;
  socket.destroy();
  for (let i = 0; i < 100 && stacks.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  t.same(stacks, ['Error: aborted']);
  t.equal(Error.stackTraceLimit, limit);
  t.match(new Error('another').stack, /http-server\.test/);
});

t.test('what a client sends after it was answered is read and freed, and its connection goes on', async (t) => {
  const pieces: Buffer[] = [];
  const port = await listening(t, (incoming, response) => {
    incoming.on('data', (piece) => pieces.push(piece));
    response.writeHead(413).end();
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  const ports = new Set<number | undefined>();
  const body = Buffer.alloc(4 << 20);
  for (let i = 0; i < 2; i++) {
    const asking = request({ host: '127.0.0.1', port, agent, method: 'POST', headers: { 'content-length': body.length } });
    asking.end(body);
    const [answer] = await once(asking, 'response');
    t.equal(answer.statusCode, 413);
    ports.add(asking.socket?.localPort);
    await Promise.all([once(answer.resume(), 'end'), asking.writableFinished || once(asking, 'finish')]);
  }
  t.equal(ports.size, 1);
  t.ok(pieces.length > 10);
  t.ok(
    pieces.every(({ length }) => length === 0),
    'no piece waits for a collection of garbage',
  );
});
