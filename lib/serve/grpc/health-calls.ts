// The standard gRPC health protocol, for Kubernetes probes and load balancers. It needs no token.
import type * as Grpc from '@grpc/grpc-js';
import { checkReady } from '../descriptions';
import { quoted } from '../request-json';
import type { Service } from '../service';
import type { OpenStreams } from './open-streams';

interface HealthCheckRequest {
  readonly service: string;
}

/** @param names the known services; '' is the server as a whole */
export function healthCalls(
  { status }: typeof Grpc,
  service: Service,
  streams: OpenStreams,
  names: readonly string[],
): Grpc.UntypedServiceImplementation {
  const answer = () => ({ status: isReady(service) ? 'SERVING' : 'NOT_SERVING' });
  const watching = new Set<() => void>();
  // Shutdown is the only change of status, because networks are loaded before the server starts.
  service.shutdown.addEventListener('abort', () => {
    for (const send of watching) send();
  });

  const check: Grpc.handleUnaryCall<HealthCheckRequest, unknown> = ({ request }, callback) => {
    if (names.includes(request.service)) callback(null, answer());
    else
      callback({
        code: status.NOT_FOUND,
        details: `there is no service ${quoted(request.service)}, expected ${names.filter(Boolean).join(', ')}`,
      });
  };
  const watch: Grpc.handleServerStreamingCall<HealthCheckRequest, unknown> = (call) => {
    const isKnown = names.includes(call.request.service);
    const send = () => void call.write(isKnown ? answer() : { status: 'SERVICE_UNKNOWN' });
    send();
    if (isKnown) watching.add(send);
    streams.add(call);
    for (const event of ['close', 'cancelled']) call.on(event, () => watching.delete(send));
  };
  return { Check: check, Watch: watch };
}

function isReady(service: Service): boolean {
  try {
    checkReady(service);
    return true;
  } catch {
    return false;
  }
}
