// An error that a client caused or can react to. It becomes { "error": … } with a status code, over gRPC a status.
import { AdderNetError } from '../errors';

export class HttpError extends Error {
  readonly statusCode: number;
  /** The number of seconds after which a retry may succeed. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, message: string, retryAfter?: number) {
    // Clients cause them by the thousand, and their stacks, which take longer than the rest of an answer, are not used.
    const { stackTraceLimit } = Error;
    Reflect.set(Error, 'stackTraceLimit', 0); // which does not throw where intrinsics are frozen
    super(message);
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
    this.name = 'HttpError';
    this.statusCode = statusCode;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (message: string): HttpError => new HttpError(400, message);

/** The status codes of errors that the client can do something about. */
const statusCodes: Partial<Record<AdderNetError['code'], number>> = {
  ERR_SHAPE: 400,
  ERR_DTYPE: 400,
  ERR_ARGUMENT: 400,
  ERR_FORMAT: 400,
  ERR_CORRUPT: 400,
  ERR_MEMORY: 503,
  ERR_DISPOSED: 503,
  ERR_PEER_MISSING: 501,
  ERR_PEER_BROKEN: 501,
};

/** The status code of any error; 500 if it was not expected. */
export function statusCodeOf(error: unknown): number {
  const { statusCode } = error as { statusCode?: number };
  return statusCode ?? (error instanceof AdderNetError ? (statusCodes[error.code] ?? 500) : 500);
}

/** Clients must not see the details of unexpected errors, nor the paths that Node reports for a package that does not load. */
export function textForClients(error: Error): string {
  if (statusCodeOf(error) === 500) return 'internal error, see the log of the server';
  const isBroken = error instanceof AdderNetError && error.code === 'ERR_PEER_BROKEN';
  return isBroken ? 'a package that this needs does not load, see the log of the server' : error.message;
}
