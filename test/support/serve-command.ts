// `addernet serve` as a process.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { program } from './repository';
import { bytes, float } from './running-server';

/** `addernet serve` in a process of its own, once it listens. */
export async function command(
  t: Test,
  args: string[],
  env: NodeJS.ProcessEnv = {},
  weights = [float, bytes],
): Promise<{ child: ChildProcess; url: string; log: Record<string, unknown>[] }> {
  const child = spawn(process.execPath, [program, 'serve', '--weights', ...weights, '--port', '0', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return { child, ...(await listening(child)) };
}

/** Its address, and the log so far, once it listens. */
export async function listening(child: ChildProcess): Promise<{ url: string; log: Record<string, unknown>[] }> {
  const log: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stdout! });
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      log.push(JSON.parse(line));
      const address = /Server listening at (http:\S+)/.exec(String(log.at(-1)!.msg));
      if (address) resolve(address[1]!);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return { url, log };
}
