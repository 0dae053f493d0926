// How a server is set up, and what its routes share.
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import type { Metrics } from './metrics';
import type { ModelStore, ServedModel, StoreOptions } from './model-store';

export interface ServerOptions extends Omit<StoreOptions, 'onBatch'> {
  /** Weights files or names, each maybe as NAME=FILE. */
  readonly weights: readonly string[];
  /** Of the package. */
  readonly version: string;
  /** Largest body of a request, in bytes, compressed or not. */
  readonly maxBody: number;
  /** Most pixels of an image. */
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

const names = optionNames<ServerOptions>({
  ...{ weights: true, version: true, threads: true, maxBatch: true, maxDelay: true, maxQueue: true, maxBody: true },
  ...{ maxPixels: true, timeout: true, maxConnections: true, token: true, logLevel: true },
});

/** Longer timers fire at once. */
const maxTimer = 2 ** 31 - 1;
const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** @throws {AdderNetError} ERR_ARGUMENT at options that do not exist or are out of their range */
export function checkServerOptions(options: ServerOptions): void {
  checkOptions('createServer', options, names);
  const check = (name: keyof ServerOptions, isRight: boolean, expected: string): void => {
    if (!isRight)
      throw new AdderNetError('ERR_ARGUMENT', `createServer: ${name} is ${JSON.stringify(options[name])}, expected ${expected}`);
  };
  const { weights, maxDelay, token, logLevel } = options;
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  check('weights', Array.isArray(weights) && weights.length > 0 && weights.every(isText), 'an array of files or names');
  check('version', isText(options.version), 'a string');
  for (const name of ['maxBatch', 'maxQueue', 'maxBody', 'maxPixels', 'maxConnections'] as const)
    check(name, Number.isSafeInteger(options[name]) && options[name] >= 1, 'an integer of at least 1');
  check('timeout', options.timeout >= 1 && options.timeout <= maxTimer, `milliseconds from 1 to ${maxTimer}`);
  check('maxDelay', maxDelay >= 0 && maxDelay <= maxTimer, `milliseconds from 0 to ${maxTimer}`);
  // What a header can say: a token with anything else in it could never be given. It is not quoted, since logs are read by others.
  if (token !== undefined && !(typeof token === 'string' && /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(token)))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      'createServer: token is empty or not printable ASCII: it may end in a line break, or in spaces',
    );
  check('logLevel', logLevels.includes(logLevel), logLevels.join(', '));
}

/** What the routes share. */
export interface Service {
  readonly store: ModelStore;
  readonly metrics: Metrics;
  readonly options: ServerOptions;
  /** Aborted once the server is ending: it still answers, but wants no new clients. */
  readonly shutdown: AbortSignal;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The network that is asked, once it is known. */
    servedModel: ServedModel | null;
  }
  interface FastifyContextConfig {
    /** Needs no token. */
    open?: boolean;
    /** Of the metrics; set for what networks answer. */
    inference?: string;
  }
}
