// Connections that the system would refuse: those that only exist give way before that, and a listener survives a refusal.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import t from 'tap';
import { testNeeding } from '../support/needing';
import { program } from '../support/repository';
import { float, running } from '../support/running-server';

const noUlimit = process.platform === 'win32' ? 'Windows has no limit of open files' : false;

testNeeding([noUlimit], 'silent connections beyond the limit of open files keep no client out', async (t) => {
  const serve = [process.execPath, program, 'serve', '--weights', float, '--port', '0', '--grpc-port', '0'];
  const child = spawn('sh', ['-c', 'ulimit -n 100; exec "$@"', 'sh', ...serve], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const log: string[] = [];
  const ports = await new Promise<[http: number, grpc: number]>((resolve) =>
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(line);
      const [, http] = /listening at http:\/\/127\.0\.0\.1:(\d+)/.exec(log.join()) ?? [];
      const [, grpc] = /gRPC at 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (grpc) resolve([Number(http), Number(grpc)]);
    }),
  );
  const sockets = await Promise.all(
    Array.from({ length: 300 }, async (_, i) => {
      const socket = connect(ports[i % 2]!, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      return socket;
    }),
  );
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (let i = 0; i < 20; i++) {
    const asked = get({ host: '127.0.0.1', port: ports[0], path: '/v2/health/live', agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    t.equal(answer.resume().statusCode, 200, 'a new connection');
  }
  t.match(log.join('\n'), /the limit of open files \(ulimit -n\) leaves 36 of 1000 connections/);
  t.notMatch(log.join('\n'), /"level":[56]0/);
});

t.test('a connection that the system refuses is an error in the log', async (t) => {
  const { server, url } = await running(t);
  const errors: Error[] = [];
  server.app.log.error = (error: Error) => errors.push(error);
  server.app.server.emit('error', new Error('accept EMFILE'));
  t.match(errors, [{ message: 'accept EMFILE' }]);
  t.equal((await fetch(`${url}/v2/health/live`)).status, 200);
});
