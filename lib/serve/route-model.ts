// From the address of a request to the network that it asks, and to its answer.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tensor } from '../tensor';
import { queueFull } from './batcher';
import { clientDisconnected, inferWithTimeout } from './infer-with-timeout';
import type { ModelStore, ServedModel } from './model-store';

/** Of a network, with or without its version. */
export const modelPaths = (end: string): string[] => [`/v2/models/:model${end}`, `/v2/models/:model/versions/:version${end}`];

/** Errors as of ModelStore.get. */
export function routeModel(store: ModelStore, request: FastifyRequest): ServedModel {
  const { model, version } = request.params as { model: string; version?: string };
  return store.get(model, version);
}

/**
 * For onRequest: finds the network, and refuses while its queue is full, before the body is read.
 * @throws {HttpError} 404, 503
 */
export const findModel = (store: ModelStore) => async (request: FastifyRequest) => {
  request.servedModel = routeModel(store, request);
  const { batcher } = request.servedModel;
  if (batcher.isFull) throw queueFull(batcher.queuedImages);
};

/** Asks the network of a request, and says in Server-Timing how long that took. Errors as of inferWithTimeout. */
export async function infer(x: Tensor, request: FastifyRequest, reply: FastifyReply, timeout: number): Promise<Tensor> {
  const client = new AbortController();
  const gone = () => client.abort(clientDisconnected());
  reply.raw.once('close', gone);
  const { y, queued, running } = await inferWithTimeout(request.servedModel!, x, timeout, client);
  reply.raw.removeListener('close', gone);
  reply.header('server-timing', `queue;dur=${queued.toFixed(3)}, run;dur=${running.toFixed(3)}`);
  return y;
}
