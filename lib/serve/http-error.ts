// A request that is not answered, and why: it becomes { "error": … } with a status.
export class HttpError extends Error {
  readonly statusCode: number;
  /** Seconds after which it may be worth asking again. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, message: string, retryAfter?: number) {
    super(message);
    this.name = 'HttpError';
    this.statusCode = statusCode;
    this.retryAfter = retryAfter;
  }
}

export const badRequest = (message: string): HttpError => new HttpError(400, message);
