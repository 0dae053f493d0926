// Runs inference for a client that may disconnect or wait too long.
import { throwIfAborted } from '../session/abort';
import type { Tensor } from '../tensor';
import type { BatchResult } from './batcher';
import { HttpError, statusCodeOf } from './http-error';
import type { ServedModel } from './model-store';

/** Who waits for a request. */
export interface WaitingClient {
  /** Tells clients apart, see clientKey. */
  readonly key: string;
  /** Aborted when the client disconnects, which takes its request out of the queue. */
  readonly signal: AbortSignal;
}

/**
 * Waits for the result no longer than the client and the timeout allow. What already runs then ends by itself; its result is dropped.
 * @param input   the tensor, or what makes it and rejects with the reason of the signal when that aborts
 * @param timeout in milliseconds
 * @throws {HttpError} as a rejection: 503 if there is no result within `timeout`; what `input` and Batcher.infer throw
 */
export async function inferWithTimeout(
  { batcher, statistics }: ServedModel,
  input: Tensor | ((signal: AbortSignal) => Promise<Tensor>),
  timeout: number,
  client: WaitingClient,
): Promise<BatchResult> {
  const began = performance.now();
  const waiting = new AbortController();
  const tooLate = () => waiting.abort(new HttpError(503, `the server is busy: no result within ${timeout} ms; try again`, 1));
  const gone = () => waiting.abort(client.signal.reason);
  const timer = setTimeout(tooLate, timeout);
  let isRequest = false;
  client.signal.addEventListener('abort', gone);
  try {
    throwIfAborted(client.signal);
    const x = typeof input === 'function' ? await input(waiting.signal) : input;
    isRequest = true;
    const result = await batcher.infer(x, client.key, waiting.signal);
    statistics.recordSuccess(x.shape[0]!, { ...result, all: performance.now() - began });
    return result;
  } catch (error) {
    // What is no request is none of the network.
    if (isRequest || statusCodeOf(error) >= 500) statistics.recordFailure(performance.now() - began);
    throw error;
  } finally {
    clearTimeout(timer);
    client.signal.removeEventListener('abort', gone);
  }
}

/** No client receives this error; it only appears in the log. */
export const clientDisconnected = (): HttpError => new HttpError(499, 'the client disconnected');
