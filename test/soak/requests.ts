// Complete requests of attackers over HTTP, with kept connections.
import { Agent, request } from 'node:http';
import type { Tally, Target } from './attack';

export interface Outgoing {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string | number>;
  readonly body?: Buffer | string;
}

const agent = new Agent({ keepAlive: true });

/** Counts the status or the code of the error. Resolves at the end of the answer, 0 on an error; the answer is not kept. */
export function send({ host, port, token }: Target, tally: Tally, { method = 'POST', path, headers, body }: Outgoing): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request({ host, port, agent, method, path, headers: { authorization: `Bearer ${token}`, ...headers } }, (answer) => {
      answer.resume();
      answer.on('close', () => resolve(answer.statusCode!));
      tally.count(answer.statusCode!);
    });
    outgoing.on('error', ({ code = 'error' }: NodeJS.ErrnoException) => {
      tally.count(code);
      resolve(0);
    });
    outgoing.end(body);
  });
}

/** For inference with the bytes of FP32 images alone. */
export const rawHeaders = { 'inference-header-content-length': 0, 'content-type': 'application/octet-stream' };
