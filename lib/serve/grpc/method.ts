// What a service consists of.
import type { MethodDefinition } from '@grpc/proto-loader';
import { badRequest, HttpError } from '../http-error';
import type { WaitingClient } from '../infer-with-timeout';

/** What a method knows of the call that it answers. */
export interface AnsweredCall extends WaitingClient {
  /**
   * Counts memory that the request at hand takes, besides its message.
   * @throws {HttpError} 503 if the client holds too much
   */
  hold(bytes: number): void;
}

/** Answers the requests of a call. What it throws becomes the status of the call. */
export type Answer = (requests: AsyncIterable<never>, call: AnsweredCall) => AsyncIterable<unknown>;

/** What a method does; its name and its messages are in its .proto file. */
export interface MethodImplementation {
  readonly answer: Answer;
  /** Whether it needs no token. */
  readonly isOpen?: boolean;
  /** The largest request in bytes. Default: 16 KiB. */
  readonly maxMessage?: number;
  /** Throws if it would take much to read a request. */
  readonly check?: (message: Buffer) => void;
}

export interface Method extends Required<MethodImplementation> {
  /** Whether the client may send more than one message. */
  readonly takesMany: boolean;
  /** Whether a call may last as long as its client likes. */
  readonly isStreaming: boolean;
  deserialize(message: Buffer): unknown;
  serialize(response: unknown): Buffer;
}

type Definition = MethodDefinition<object, object>;

export function methodOf(
  { requestStream, responseStream, requestDeserialize, responseSerialize }: Definition,
  implementation: MethodImplementation,
): Method {
  return {
    ...{ isOpen: false, maxMessage: 16 << 10, check() {}, ...implementation },
    takesMany: requestStream,
    isStreaming: requestStream || responseStream,
    deserialize: requestDeserialize,
    serialize: (response) => responseSerialize(response as object),
  };
}

/** A method that answers one request with one response. */
export const unary = <Request>(answer: (request: Request, call: AnsweredCall) => unknown): Answer =>
  async function* (requests, call) {
    yield await answer(await only<Request>(requests), call);
  };

/** The request of a call that has one. The client has to end its side of the call. */
export async function only<Request>(requests: AsyncIterable<Request>): Promise<Request> {
  const found: Request[] = [];
  for await (const request of requests) {
    if (found.length > 0) throw new HttpError(501, 'the call has a second message, expected one');
    found.push(request);
  }
  if (found.length === 0) throw badRequest('the call has no message');
  return found[0]!;
}
