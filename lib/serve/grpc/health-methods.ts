// The standard gRPC health protocol, for Kubernetes probes and load balancers. It needs no token.
import { checkReady, isReady } from '../descriptions';
import { FairBudget } from '../fair-budget';
import { HttpError } from '../http-error';
import { valueText } from '../request-json';
import type { Service } from '../service';
import { type Answer, type MethodImplementation, only, unary } from './method';

/** Calls of Watch last as long as clients want and need no token, so they have a limit of their own; the oldest ones end. */
const maxWatching = 256;
const tooMany = (): HttpError => new HttpError(503, `more than ${maxWatching} calls watch the health of this server`);

interface HealthCheckRequest {
  readonly service: string;
}

/** @param names the known services; '' is the server as a whole */
export function healthMethods(service: Service, names: readonly string[]): Record<string, MethodImplementation> {
  const answer = () => ({ status: isReady(() => checkReady(service)) ? 'SERVING' : 'NOT_SERVING' });
  const watching = new Set<() => void>();
  // Shutdown is the only change of status, because networks are loaded before the server starts.
  service.shutdown.addEventListener('abort', () => {
    for (const wake of watching) wake();
  });
  const sleep = async (signal: AbortSignal, until?: AbortSignal): Promise<void> => {
    if (signal.aborted || until?.aborted) return;
    await new Promise<void>((resolve) => {
      if (until) watching.add(resolve);
      signal.addEventListener('abort', () => {
        watching.delete(resolve);
        resolve();
      });
    });
  };

  const check = unary(({ service: name }: HealthCheckRequest) => {
    if (names.includes(name)) return answer();
    throw new HttpError(404, `there is no service ${valueText(name)}, expected ${names.filter(Boolean).join(', ')}`);
  });
  const places = new FairBudget(maxWatching);
  const watch: Answer = async function* (requests, { key, signal: client }) {
    const { service: name } = await only<HealthCheckRequest>(requests);
    const displaced = new AbortController();
    const place = places.take(key, 1, () => displaced.abort());
    if (!place) throw tooMany();
    const signal = AbortSignal.any([client, displaced.signal]);
    try {
      if (names.includes(name)) {
        yield answer();
        await sleep(signal, service.shutdown);
        if (!signal.aborted) yield answer();
      } else yield { status: 'SERVICE_UNKNOWN' };
      await sleep(signal);
      if (displaced.signal.aborted) throw tooMany();
    } finally {
      place.release();
    }
  };
  return { Check: { answer: check, isOpen: true }, Watch: { answer: watch, isOpen: true } };
}
