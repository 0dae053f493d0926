// A server that some command starts, asked for what needs most of it: an image, the metrics, an end.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { program, repository } from '../support/repository';
import { listening } from '../support/serve-command';

const model = 'resnet20-cifar10-8bit';
const image = readFileSync(join(repository, 'docs/paper/features/lenet5bn-adder.png'));

/** The arguments of Node for a server over HTTP and gRPC. */
export const serveArguments = [program, 'serve', '--weights', model, '--port', '0', '--grpc-port', '0'];

/** The answer of the server, which ends well after it. `command` runs Node with {@link serveArguments}. */
export async function served(t: Test, command: string, args: readonly string[]): Promise<unknown> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const { url, log } = await listening(child);
  const response = await fetch(`${url}/v2/models/${model}/classify`, {
    method: 'POST',
    body: image,
    headers: { 'content-type': 'image/png' },
  });
  t.equal(response.status, 200);
  t.match(await (await fetch(`${url}/metrics`)).text(), /addernet_/);
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  t.equal(await closed, 0);
  t.match(log.map(({ msg }) => String(msg)).join('\n'), /gRPC at/);
  return await response.json();
}
