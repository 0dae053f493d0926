// Finds the network that the URL of a request names, and runs it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tensor } from '../tensor';
import { clientKey } from './client-key';
import { clientDisconnected, inferWithTimeout } from './infer-with-timeout';
import type { ModelStore, ServedModel } from './model-store';

/** The paths of a network's resource, with and without a version. */
export const modelPaths = (end: string): string[] => [`/v2/models/:model${end}`, `/v2/models/:model/versions/:version${end}`];

/** Throws what ModelStore.get throws. */
export function routeModel(store: ModelStore, request: FastifyRequest): ServedModel {
  const { model, version } = request.params as { model: string; version?: string };
  return store.get(model, version);
}

/**
 * An onRequest hook: finds the network, and rejects the request before its body is read if the queue of the network has no room for the client.
 * @throws {HttpError} 404, 503
 */
export const findModel = (store: ModelStore) => async (request: FastifyRequest) => {
  request.servedModel = routeModel(store, request);
  request.servedModel.batcher.checkRoom(clientKey(request.raw.socket));
};

/** Runs the network of a request and reports the time in the header Server-Timing. Throws what inferWithTimeout throws. */
export async function infer(
  input: (signal: AbortSignal) => Promise<Tensor>,
  request: FastifyRequest,
  reply: FastifyReply,
  timeout: number,
): Promise<Tensor> {
  const client = new AbortController();
  const gone = () => client.abort(clientDisconnected());
  reply.raw.once('close', gone);
  if (request.raw.socket.destroyed) gone(); // before this was called
  const waiting = { key: clientKey(request.raw.socket), signal: client.signal };
  const { y, queued, running } = await inferWithTimeout(request.servedModel!, input, timeout, waiting);
  reply.raw.removeListener('close', gone);
  reply.header('server-timing', `queue;dur=${queued.toFixed(3)}, run;dur=${running.toFixed(3)}`);
  return y;
}
