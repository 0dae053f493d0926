// A question to a network, from a client that may go, or wait for too long.
import type { Tensor } from '../tensor';
import type { BatchResult } from './batcher';
import { HttpError } from './http-error';
import type { ServedModel } from './model-store';

/**
 * @param timeout in milliseconds
 * @param client  aborted when the client has gone: it no longer waits in the queue
 * @throws {HttpError} as a rejection: 503 if it waits longer than that; as Batcher.infer
 */
export async function inferWithTimeout(
  { batcher, statistics }: ServedModel,
  x: Tensor,
  timeout: number,
  client: AbortController,
): Promise<BatchResult> {
  const tooLate = () => client.abort(new HttpError(503, `the server is busy: no answer within ${timeout} ms; try again`, 1));
  const timer = setTimeout(tooLate, timeout);
  const began = performance.now();
  try {
    const answer = await batcher.infer(x, client.signal);
    statistics.recordSuccess(x.shape[0]!, { ...answer, all: performance.now() - began });
    return answer;
  } catch (error) {
    statistics.recordFailure(performance.now() - began);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Nobody reads it; the log shows it. */
export const clientDisconnected = (): HttpError => new HttpError(499, 'the client has gone');
