// Turns errors into gRPC status codes.
import type * as Grpc from '@grpc/grpc-js';
import { checkToken } from '../authorization';
import { HttpError } from '../http-error';
import type { Service } from '../service';

/** @throws {HttpError} 401 if the server has a token and the call does not carry it */
export function authorize({ options: { token } }: Service, metadata: Grpc.Metadata): void {
  if (token !== undefined) checkToken(metadata.get('authorization')[0]?.toString(), token);
}

/** Unexpected errors go to the log; clients must not see their details. */
export function statusOf({ status }: typeof Grpc, error: unknown, log: (error: unknown) => void): { code: Grpc.status; details: string } {
  const codes: Record<number, Grpc.status> = {
    400: status.INVALID_ARGUMENT,
    401: status.UNAUTHENTICATED,
    404: status.NOT_FOUND,
    413: status.RESOURCE_EXHAUSTED,
    499: status.CANCELLED,
    501: status.UNIMPLEMENTED,
    503: status.UNAVAILABLE,
  };
  const code = error instanceof HttpError ? codes[error.statusCode] : undefined;
  if (code !== undefined) return { code, details: (error as Error).message };
  log(error);
  return { code: status.INTERNAL, details: 'internal error, see the log of the server' };
}
