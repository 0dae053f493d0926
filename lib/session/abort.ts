// Runs that their caller aborts.

import { AdderNetError } from '../errors';
import { shown } from '../quoted';

/** How a network is run. */
export interface RunOptions {
  /** Aborts the call, which rejects with the signal's reason at once. A waiting run does not start; the result of one in progress is dropped. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws {AdderNetError} ERR_ARGUMENT unless `signal` is undefined or an AbortSignal of any realm; the signal's reason if it has aborted */
export function checkSignal(op: string, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal !== 'object' || signal === null || typeof signal.addEventListener !== 'function' || typeof signal.aborted !== 'boolean')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: signal is ${shown(signal)}, expected an AbortSignal`);
  throwIfAborted(signal);
}

/**
 * Waits for `work`, or rejects with the signal's reason as soon as it aborts; the work itself is not interrupted.
 * @param cancel called when the signal aborts, to cancel work that has not started
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, cancel = () => {}): Promise<T> {
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => {
      cancel();
      reject(reasonOf(signal));
    });
  });
  return await Promise.race([work, aborted]).finally(stop);
}

/** @throws the signal's reason if it has aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Older polyfills of AbortSignal lack `reason` and throwIfAborted. */
const reasonOf = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });

/** Node warns at eleven listeners, but one signal may serve all requests of a service: a signal gets one listener, which calls these. */
const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/** @returns a function that removes the callback */
function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = callbacksOf.get(signal) ?? listen(signal);
  callbacks.add(callback);
  return () => void callbacks.delete(callback);
}

function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  callbacksOf.set(signal, callbacks);
  signal.addEventListener('abort', () => callbacks.forEach((callback) => void callback()), { once: true });
  return callbacks;
}
