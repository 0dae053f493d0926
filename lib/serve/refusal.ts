// A request that is not answered, and why: it becomes { "error": … } with a status.
export class Refusal extends Error {
  readonly statusCode: number;
  /** Seconds after which it may be worth asking again. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, message: string, retryAfter?: number) {
    super(message);
    this.name = 'Refusal';
    this.statusCode = statusCode;
    this.retryAfter = retryAfter;
  }
}

export const bad = (message: string): Refusal => new Refusal(400, message);
