// One call over a stream of HTTP/2: its messages, its status, how long it may take and how much memory it may hold.
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Connection } from '../connections';
import type { Share } from '../fair-budget';
import { badRequest, HttpError } from '../http-error';
import { clientDisconnected } from '../infer-with-timeout';
import { maxTimer, type Service } from '../service';
import { decompress } from './decompress';
import { frameOf, framesOf } from './message-frames';
import type { AnsweredCall, Method } from './method';
import { closeSoon, refuse, responseHeaders } from './refuse';
import { type CallStatus, Status, statusOf, trailersOf } from './status';

/** What the calls of a connection share. */
export interface CallContext {
  readonly service: Service;
  readonly connection: Connection;
  /** The key of the client, see clientKey. */
  readonly client: string;
  /** The calls that have not ended. */
  readonly calls: Set<Call>;
  readonly log: (error: unknown) => void;
}

/** In bytes: what a stream takes without a message, and what HTTP/2 lets a client send while its stream is not read. */
const [streamBytes, windowBytes] = [16 << 10, 64 << 10];
const units: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

export class Call implements AnsweredCall {
  readonly #stream: ServerHttp2Stream;
  readonly #headers: IncomingHttpHeaders;
  readonly #method: Method;
  readonly #context: CallContext;
  readonly #client = new AbortController();
  #trailers: Record<string, string> = {};
  #waiting: NodeJS.Timeout | undefined;
  /** Drops the stream of a call that is finished, if its client does not read. */
  #ending: NodeJS.Timeout | undefined;
  #share: Share | undefined;
  /** In bytes, what the request at hand takes. */
  #held = 0;
  #isBusy = false;
  #isClosing = false;
  #isFinished = false;
  #hasAllRequests = false;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: Method, context: CallContext) {
    this.#stream = stream;
    this.#headers = headers;
    this.#method = method;
    this.#context = context;
  }

  get key(): string {
    return this.#context.client;
  }

  /** Aborted when the answer is not needed any more. */
  get signal(): AbortSignal {
    return this.#client.signal;
  }

  /** Answers the call. Never rejects. */
  async run(): Promise<void> {
    const { service, connection, calls, log } = this.#context;
    const stream = this.#stream;
    const bytes = streamBytes + (this.#method.takesMany ? windowBytes : 0);
    const share = service.bytes.take(this.key, bytes, () => this.#fail(outOfMemory()));
    if (!share) return refuse(stream, statusOf(outOfMemory(), log));
    this.#share = share;
    share.setIdle(true);
    let deadline: NodeJS.Timeout | undefined;
    calls.add(this);
    stream.once('aborted', this.#gone);
    stream.once('wantTrailers', () => {
      stream.sendTrailers(this.#trailers);
      if (!this.#hasAllRequests) closeSoon(stream);
    });
    const closed = new Promise<void>((resolve) => {
      stream.once('close', () => {
        this.#gone();
        this.#stopWaiting();
        clearTimeout(this.#ending);
        clearTimeout(deadline);
        calls.delete(this);
        resolve();
      });
    });
    try {
      const timeout = timeoutOf(this.#headers['grpc-timeout']);
      if (timeout !== undefined)
        deadline = setTimeout(() => this.#fail(new HttpError(408, 'the deadline of the call has passed')), timeout);
      if (this.#method.isStreaming) {
        connection.begin();
        connection.end();
      }
      if (!this.#method.takesMany) this.#waitForMessage();
      for await (const response of this.#method.answer(this.#requests() as AsyncIterable<never>, this)) {
        if (this.#isFinished) break;
        await this.#write(this.#method.serialize(response));
      }
      this.#finish({ code: Status.OK, details: 'OK' });
    } catch (error) {
      if (!this.#isFinished) this.#finish(statusOf(error, log));
    } finally {
      this.#letGo();
      await closed;
      share.release();
    }
  }

  /** The server ends: the call takes no more requests, and is over once the request at hand is answered. */
  close(): void {
    this.#isClosing = true;
    if (!this.#method.isStreaming || this.#isBusy) return;
    this.#finish({ code: Status.OK, details: 'OK' });
    this.#client.abort(clientDisconnected());
  }

  hold(bytes: number): void {
    const before = Math.max(this.#held, streamBytes);
    this.#held += bytes;
    const more = Math.max(this.#held, streamBytes) - before;
    if (more !== 0 && !this.#share?.grow(more) && more > 0) throw outOfMemory();
  }

  #letGo(): void {
    if (this.#held > streamBytes) this.#share?.grow(streamBytes - this.#held);
    this.#held = 0;
  }

  async *#requests(): AsyncGenerator<unknown, void, undefined> {
    const { takesMany, maxMessage, check, deserialize } = this.#method;
    const encoding = String(this.#headers['grpc-encoding'] ?? 'identity');
    const chunks: AsyncIterable<Buffer> = this.#stream.iterator({ destroyOnReturn: false });
    const takes = (bytes: number) => this.hold(bytes);
    const begins = () => {
      if (takesMany) this.#waitForMessage();
    };
    for await (const { isCompressed, message } of framesOf(chunks, maxMessage, { begins, takes })) {
      if (takesMany) this.#stopWaiting();
      const plain = isCompressed ? await decompress(message, encoding, maxMessage, takes) : message;
      check(plain);
      if (this.#isFinished) return;
      this.#begin();
      yield parsed(plain, deserialize);
      // The only request of a call is held until its answer.
      if (!takesMany) continue;
      if (this.#isClosing) return;
      this.#end();
      this.#letGo();
    }
    this.#hasAllRequests = true;
    this.#stopWaiting();
  }

  async #write(response: Buffer): Promise<void> {
    const stream = this.#stream;
    if (this.#isFinished || stream.destroyed || stream.closed) return;
    if (!stream.headersSent) stream.respond(responseHeaders, { waitForTrailers: true });
    const isTaken = stream.write(frameOf(response));
    this.#end();
    if (isTaken) return;
    // A client that does not read its answers gets no more of them.
    this.#wait(this.#drop);
    await drained(stream);
    this.#stopWaiting();
  }

  #finish(status: CallStatus): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#end();
    const stream = this.#stream;
    this.#ending = setTimeout(this.#drop, this.#context.service.options.timeout);
    if (!stream.headersSent) refuse(stream, status);
    else {
      this.#trailers = trailersOf(status);
      stream.end();
    }
  }

  #fail(error: HttpError): void {
    if (this.#isFinished) return;
    this.#finish(statusOf(error, this.#context.log));
    this.#client.abort(error);
  }

  readonly #gone = (): void => {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#end();
    this.#client.abort(clientDisconnected());
  };

  /** Ends a stream whose client does not read. */
  readonly #drop = (): void => {
    this.#stream.close(constants.NGHTTP2_CANCEL);
    this.#stream.destroy();
  };

  /** From a complete request to its answer, the connection is not closed in favor of others. */
  #begin(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#share?.setIdle(false);
    this.#context.connection.begin();
  }

  #end(): void {
    if (!this.#isBusy) return;
    this.#isBusy = false;
    this.#share?.setIdle(true);
    this.#context.connection.end();
  }

  #waitForMessage(): void {
    const { timeout } = this.#context.service.options;
    this.#wait(() => this.#fail(new HttpError(408, `the message did not arrive within ${timeout} ms`)));
  }

  /** Waits for the client no longer than the timeout. */
  #wait(tooLong: () => void): void {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(tooLong, this.#context.service.options.timeout);
  }

  #stopWaiting(): void {
    clearTimeout(this.#waiting);
  }
}

function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      for (const event of ['drain', 'close']) stream.off(event, settle);
      resolve();
    };
    for (const event of ['drain', 'close']) stream.on(event, settle);
  });
}

function parsed(message: Buffer, deserialize: (message: Buffer) => unknown): unknown {
  try {
    return deserialize(message);
  } catch (error) {
    throw badRequest(`the message is no protocol buffer of this method: ${(error as Error).message}`);
  }
}

/** In milliseconds. */
function timeoutOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  if (unit === undefined) throw badRequest(`grpc-timeout is '${header}', expected up to eight digits and one of H, M, S, m, u, n`);
  return Math.min(Number(amount) * units[unit]!, maxTimer);
}

const outOfMemory = (): HttpError => new HttpError(503, 'the requests of this client take too much memory; try again', 1);
