// Answers a request with an unsupported method by 405 and the list of supported methods.
import type { FastifyInstance } from 'fastify';
import { HttpError } from './http-error';

/** Adds routes, and for each of their URLs another one that rejects all other methods. */
export function addRoutesWithMethods(app: FastifyInstance, addRoutes: () => void): void {
  const methodsOf = new Map<string, Set<string>>();
  let isListening = true;
  app.addHook('onRoute', ({ url, method }) => {
    if (!isListening) return;
    const methods = methodsOf.get(url) ?? new Set();
    methodsOf.set(url, methods);
    for (const name of [method].flat()) methods.add(name).add(name === 'GET' ? 'HEAD' : name);
  });
  addRoutes();
  isListening = false;
  for (const [url, methods] of methodsOf) {
    const allowed = [...methods].join(', ');
    app.route({
      url,
      method: app.supportedMethods.filter((method) => !methods.has(method)),
      // onRequest runs before a body is read.
      onRequest: async ({ method }, reply) => {
        reply.header('allow', allowed);
        throw new HttpError(405, `${method} is not supported here, expected ${allowed}`);
      },
      handler: () => {},
    });
  }
}
