// Runs inference for a client that may disconnect or wait too long.
import type { Tensor } from '../tensor';
import type { BatchResult } from './batcher';
import { HttpError } from './http-error';
import type { ServedModel } from './model-store';

/**
 * @param timeout in milliseconds
 * @param client  aborted when the client disconnects, which takes its request out of the queue
 * @throws {HttpError} as a rejection: 503 if the request waits longer than `timeout`; what Batcher.infer throws
 */
export async function inferWithTimeout(
  { batcher, statistics }: ServedModel,
  x: Tensor,
  timeout: number,
  client: AbortController,
): Promise<BatchResult> {
  const tooLate = () => client.abort(new HttpError(503, `the server is busy: no result within ${timeout} ms; try again`, 1));
  const timer = setTimeout(tooLate, timeout);
  const began = performance.now();
  try {
    const result = await batcher.infer(x, client.signal);
    statistics.recordSuccess(x.shape[0]!, { ...result, all: performance.now() - began });
    return result;
  } catch (error) {
    statistics.recordFailure(performance.now() - began);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** No client receives this error; it only appears in the log. */
export const clientDisconnected = (): HttpError => new HttpError(499, 'the client disconnected');
