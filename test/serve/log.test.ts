// A log that cannot be written costs the log, and not the server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { testNeeding } from '../support/needing';
import { program } from '../support/repository';
import { float } from '../support/running-server';
import { command } from '../support/serve-command';

/** Requests are logged at this level, two lines for each. */
async function goesOn(t: Test, child: ChildProcess, url: string): Promise<void> {
  for (let i = 0; i < 5; i++) t.equal((await fetch(`${url}/v2/health/live`)).status, 200);
  child.kill('SIGTERM');
  t.same(await once(child, 'exit'), [0, null]);
}

t.test('without a reader', async (t) => {
  const { child, url } = await command(t, [], { ADDERNET_TOKEN: undefined }, [float]);
  child.stdout!.destroy();
  await goesOn(t, child, url);
});

testNeeding([!existsSync('/dev/full') && 'there is no /dev/full'], 'on a full disk', async (t) => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [program, 'serve', '--weights', float, '--port', String(port)], { stdio: ['ignore', full, full] });
  t.teardown(() => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const isListening = () => fetch(`${url}/v2/health/live`).catch(() => undefined);
  while (!(await isListening()) && child.exitCode === null) await setTimeout(50);
  await goesOn(t, child, url);
});
