// From the address of a request to the network that it asks, and to an answer of it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tensor } from '../tensor';
import type { Answer } from './batcher';
import { queueIsFull } from './batcher';
import type { ModelStore, ServedModel } from './model-store';
import { Refusal } from './refusal';

/** Of a network, with or without its version. */
export const modelPaths = (end: string): string[] => [`/v2/models/:model${end}`, `/v2/models/:model/versions/:version${end}`];

/** Errors as of ModelStore.get. */
export function askedModel(store: ModelStore, request: FastifyRequest): ServedModel {
  const { model, version } = request.params as { model: string; version?: string };
  return store.get(model, version);
}

/**
 * For onRequest: finds the network, and refuses while its queue is full, before the body is read.
 * @throws {Refusal} 404, 503
 */
export const findModel = (store: ModelStore) => async (request: FastifyRequest) => {
  request.served = askedModel(store, request);
  const { batcher } = request.served;
  if (batcher.isFull) throw queueIsFull(batcher.waiting);
};

/**
 * Asks the network, and says in Server-Timing how long that took. A client that has gone no longer waits in the queue.
 * @throws {Refusal} as a rejection: 503 if it waits longer than `timeout` milliseconds; as Batcher.infer
 */
export async function ask(x: Tensor, request: FastifyRequest, reply: FastifyReply, timeout: number): Promise<Answer> {
  const controller = new AbortController();
  const late = setTimeout(
    () => controller.abort(new Refusal(503, `the server is busy: no answer within ${timeout} ms; try again`, 1)),
    timeout,
  );
  const gone = () => controller.abort(new Refusal(499, 'the client has gone'));
  reply.raw.once('close', gone);
  try {
    const answer = await request.served!.batcher.infer(x, controller.signal);
    reply.header('server-timing', `queue;dur=${answer.queued.toFixed(3)}, run;dur=${answer.running.toFixed(3)}`);
    return answer;
  } finally {
    clearTimeout(late);
    reply.raw.removeListener('close', gone);
  }
}
