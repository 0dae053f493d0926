// What a request holds of the bytes that all clients share, until its answer is sent.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientKey } from './client-key';
import { answerAndClose } from './closing-answer';
import type { FairBudget, Share } from './fair-budget';
import { HttpError } from './http-error';

const message = 'the server holds as many bytes of requests as it may; try again';
const noRoom = (): HttpError => new HttpError(503, message, 1);

export class HeldBytes {
  readonly #share: Share;
  readonly #reply: FastifyReply;
  #fail: ((error: HttpError) => void) | undefined;

  constructor(budget: FairBudget, request: FastifyRequest, reply: FastifyReply) {
    this.#reply = reply;
    // What takes nothing is not refused.
    this.#share = budget.take(clientKey(request.raw.socket), 0, () => this.#giveWay())!;
    this.#share.setIdle(true);
    reply.raw.once('close', () => this.#share.release());
  }

  /**
   * @param bytes negative to give some of them back
   * @throws {HttpError} 503 if there is no room for more
   */
  grow(bytes: number): void {
    if (!this.#share.grow(bytes) && bytes > 0) throw noRoom();
  }

  /**
   * Runs what fills the bytes.
   * @param fill is given what to call if it fails
   * @throws {HttpError} as a rejection: 503 if the bytes must give way meanwhile
   */
  filling(fill: (resolve: () => void, reject: (error: unknown) => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      fill(() => {
        this.#fail = undefined;
        this.#share.setIdle(false);
        resolve();
      }, reject);
    });
  }

  #giveWay(): void {
    if (this.#fail !== undefined) return void this.#fail(noRoom());
    const { raw } = this.#reply;
    const { socket } = this.#reply.request.raw;
    if (raw.socket !== null && !raw.headersSent) {
      // It is its turn to be answered. As soon as that is written the connection closes: then the request is taken out of the queue of its network.
      answerAndClose(socket, '503 Service Unavailable', message, { 'Retry-After': '1' });
      socket.destroySoon();
    } else if (!socket.writableEnded) socket.destroy();
  }
}
