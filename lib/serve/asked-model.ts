// From the address of a request to the network that it asks, and to its answer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tensor } from '../tensor';
import { ask, clientHasGone } from './ask';
import { queueIsFull } from './batcher';
import type { ModelStore, ServedModel } from './model-store';

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

/** Asks the network of a request, and says in Server-Timing how long that took. Errors as of ask. */
export async function answer(x: Tensor, request: FastifyRequest, reply: FastifyReply, timeout: number): Promise<Tensor> {
  const client = new AbortController();
  const gone = () => client.abort(clientHasGone());
  reply.raw.once('close', gone);
  const { y, queued, running } = await ask(request.served!, x, timeout, client);
  reply.raw.removeListener('close', gone);
  reply.header('server-timing', `queue;dur=${queued.toFixed(3)}, run;dur=${running.toFixed(3)}`);
  return y;
}
