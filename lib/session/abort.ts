// What a caller no longer waits for.

import { AdderNetError } from '../errors';
import { shown } from '../quoted';

/** @throws {AdderNetError} ERR_ARGUMENT unless it is an AbortSignal, of any realm; and the signal's reason if it has aborted */
export function checkSignal(op: string, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (typeof signal !== 'object' || signal === null || typeof signal.addEventListener !== 'function' || typeof signal.aborted !== 'boolean')
    throw new AdderNetError('ERR_ARGUMENT', `${op}: signal is ${shown(signal)}, expected an AbortSignal`);
  throwIfAborted(signal);
}

/**
 * What `work` gives, or the signal's reason as soon as it aborts: the work goes on unseen.
 * @param giveUp called when it aborts, to spare what has not begun
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined, giveUp = () => {}): Promise<T> {
  if (!signal) return work;
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = onAbort(signal, () => {
      giveUp();
      reject(reasonOf(signal));
    });
  });
  return await Promise.race([work, aborted]).finally(stop);
}

/** @throws the signal's reason if it has aborted */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Signals of older polyfills have none, nor a throwIfAborted. */
const reasonOf = (signal: AbortSignal): unknown =>
  signal.reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' });

/** Node warns of eleven listeners, but a signal may well be of all requests of a service: each has one listener, which calls these. */
const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/** @returns what takes the callback back */
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
