// Status codes of gRPC, and what errors of this server become.
import { statusCodeOf, textForClients } from '../http-error';

export const Status = {
  ...{ OK: 0, CANCELLED: 1, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, RESOURCE_EXHAUSTED: 8 },
  ...{ UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14, UNAUTHENTICATED: 16 },
} as const;

export interface CallStatus {
  readonly code: number;
  readonly details: string;
}

const codes: Record<number, number> = {
  400: Status.INVALID_ARGUMENT,
  401: Status.UNAUTHENTICATED,
  404: Status.NOT_FOUND,
  408: Status.DEADLINE_EXCEEDED,
  413: Status.RESOURCE_EXHAUSTED,
  499: Status.CANCELLED,
  501: Status.UNIMPLEMENTED,
  503: Status.UNAVAILABLE,
};

/** Unexpected errors go to the log; clients must not see their details. */
export function statusOf(error: unknown, log: (error: unknown) => void): CallStatus {
  const code = codes[statusCodeOf(error)] ?? Status.INTERNAL;
  if (code === Status.INTERNAL) log(error);
  return { code, details: textForClients(error as Error) };
}

/** The headers that end a call. Texts are percent-encoded UTF-8. */
export const trailersOf = ({ code, details }: CallStatus): Record<string, string> => ({
  'grpc-status': String(code),
  'grpc-message': Buffer.from(details)
    .toString('latin1')
    .replace(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`),
});
