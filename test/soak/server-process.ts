// The real command, `addernet serve`, as a process with a port of its own for HTTP and one for gRPC.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../support/repository';
import type { Target } from './attack';

export interface ServerProcess {
  readonly process: ChildProcess;
  readonly target: Target;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface ServerSettings {
  readonly weights: readonly string[];
  /** Default: free ones. */
  readonly port?: number;
  readonly grpcPort?: number;
  readonly options?: readonly string[];
  /** A file descriptor for the log. Default: none is kept. */
  readonly log?: number;
}

const host = '127.0.0.1';
const token = 'the-token-of-the-soak';
/** In milliseconds. */
const startLimit = 30_000;

/** They end with this process. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export async function spawnServer({ weights, options = [], log, ...ports }: ServerSettings): Promise<ServerProcess> {
  const { port = await freePort(), grpcPort = await freePort() } = ports;
  const at = ['--host', host, '--port', String(port), '--grpc-port', String(grpcPort)];
  const child = spawn(process.execPath, [program, 'serve', '--weights', ...weights, ...at, '--log-level', 'error', ...options], {
    env: { ...process.env, ADDERNET_TOKEN: token },
    stdio: ['ignore', log ?? 'ignore', log ?? 'ignore'],
  });
  running.add(child);
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal!);
    }),
  );
  return { process: child, target: { host, port, grpcPort, token }, ended };
}

/** Resolves when it is ready. @throws if it ends instead, or takes too long */
export async function startServer(settings: ServerSettings): Promise<ServerProcess> {
  const server = await spawnServer(settings);
  const began = performance.now();
  while (!(await isReady(server.target))) {
    if (!running.has(server.process)) throw new Error(`the server ended with ${await server.ended} before it was ready`);
    if (performance.now() - began > startLimit) throw new Error(`the server was not ready within ${startLimit} ms`);
    await sleep(50);
  }
  return server;
}

export async function isReady({ host, port }: Target): Promise<boolean> {
  try {
    const answer = await fetch(`http://${host}:${port}/v2/health/ready`, { signal: AbortSignal.timeout(10_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** In MB; undefined once the process has ended. */
export function residentMemory({ pid }: ChildProcess): number | undefined {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1024 || undefined;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, host, resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
