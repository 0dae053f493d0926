// An error that a client caused or can react to. It becomes { "error": … } with a status code.
export class HttpError extends Error {
  readonly statusCode: number;
  /** The number of seconds after which a retry may succeed. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, message: string, retryAfter?: number) {
    // Clients cause them by the thousand, and nobody looks at the stack, which takes longer than the rest of an answer.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'HttpError';
    this.statusCode = statusCode;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (message: string): HttpError => new HttpError(400, message);
