// How a server is set up, and what its routes share.
import type { Metrics } from './metrics';
import type { ModelStore, ServedModel, StoreOptions } from './model-store';

export interface ServerOptions extends Omit<StoreOptions, 'onBatch'> {
  /** Weights files or names, each maybe as NAME=FILE. */
  readonly weights: readonly string[];
  /** Of the package. */
  readonly version: string;
  /** Largest body of a request, in bytes. */
  readonly maxBody: number;
  /** Most pixels of a picture. */
  readonly maxPixels: number;
  /** Milliseconds that a request may take to arrive, and to wait in the queue. */
  readonly timeout: number;
  /** Connections at a time; those on top are closed at once. */
  readonly maxConnections: number;
  /** Needed by all requests but those for health and for the page. Default: none. */
  readonly token?: string | undefined;
  /** Of pino. */
  readonly logLevel: string;
}

/** What the routes share. */
export interface Service {
  readonly store: ModelStore;
  readonly metrics: Metrics;
  readonly options: ServerOptions;
  /** Whether the server is ending: it still answers, but wants no new clients. */
  readonly isEnding: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The network that is asked, once it is known. */
    served: ServedModel | null;
  }
  interface FastifyContextConfig {
    /** Needs no token. */
    open?: boolean;
    /** Of the metrics; set for what networks answer. */
    inference?: string;
  }
}
