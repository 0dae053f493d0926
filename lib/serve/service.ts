// The options of a server, and what its routes share.
import { AdderNetError } from '../errors';
import { checkOptions, optionNames } from '../options';
import type { Connections } from './connections';
import type { FairBudget } from './fair-budget';
import type { HeldBytes } from './held-bytes';
import type { Metrics } from './metrics';
import type { ModelStore, ServedModel, StoreOptions } from './model-store';

export interface ServerOptions extends Omit<StoreOptions, 'onBatch' | 'showsErrors'> {
  /** Weights files or names of bundled networks, each optionally as NAME=FILE. */
  readonly weights: readonly string[];
  /** The version of the package. */
  readonly version: string;
  /** The largest body of a request in bytes, both compressed and decompressed. */
  readonly maxBody: number;
  /** The largest number of pixels of an image. */
  readonly maxPixels: number;
  /** How many milliseconds a request may take to arrive, and how many it may wait in the queue. */
  readonly timeout: number;
  /** The largest sum of the bytes of all bodies that are held, of HTTP and gRPC, compressed and decompressed. */
  readonly maxInFlight: number;
  /** The largest sum of the memory of all images that are decoded at a time, in bytes. */
  readonly maxDecoding: number;
  /** The largest number of simultaneous connections, of HTTP and gRPC; beyond it, the oldest one without a complete request is closed. */
  readonly maxConnections: number;
  /** How many milliseconds requests may go on after the shutdown started. What is still open then is closed by force. */
  readonly grace: number;
  /** Names under which the server may be addressed without a token, besides IP addresses, localhost and the name of the machine. */
  readonly hosts: readonly string[];
  /** The bearer token that all requests need, except those for health and for the page. Default: none. */
  readonly token?: string | undefined;
  /** A log level of pino. */
  readonly logLevel: string;
}

const names = optionNames<ServerOptions>({
  ...{ weights: true, version: true, threads: true, maxBatch: true, maxDelay: true, maxQueue: true, maxBody: true },
  ...{ maxPixels: true, timeout: true, maxConnections: true, token: true, logLevel: true },
  ...{ maxInFlight: true, maxDecoding: true, grace: true, hosts: true },
});

/** In milliseconds. Node fires longer timers at once. */
export const maxTimer = 2 ** 31 - 1;
const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** @throws {AdderNetError} ERR_ARGUMENT if an option does not exist or is out of range */
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
  for (const name of ['maxBatch', 'maxQueue', 'maxBody', 'maxPixels', 'maxInFlight', 'maxDecoding', 'maxConnections'] as const)
    check(name, Number.isSafeInteger(options[name]) && options[name] >= 1, 'an integer of at least 1');
  check('timeout', options.timeout >= 1 && options.timeout <= maxTimer, `milliseconds from 1 to ${maxTimer}`);
  check('maxInFlight', options.maxInFlight >= options.maxBody, `at least maxBody, ${options.maxBody}`);
  check('grace', options.grace >= 0 && options.grace <= maxTimer, `milliseconds from 0 to ${maxTimer}`);
  check('hosts', Array.isArray(options.hosts) && options.hosts.every(isText), 'an array of names');
  check('maxDelay', maxDelay >= 0 && maxDelay <= maxTimer, `milliseconds from 0 to ${maxTimer}`);
  // A token with other characters could not be sent in a header. The message does not quote it, so that it does not get into logs.
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
  readonly connections: Connections;
  /** The bytes of all bodies that are held, at most `maxInFlight`; clients are identified by clientKey. */
  readonly bytes: FairBudget;
  /** Aborted when the shutdown starts: the server still answers, but is not ready for new clients. */
  readonly shutdown: AbortSignal;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The network that the request is for, once it is known. */
    servedModel: ServedModel | null;
    /** What its body holds, if it has one. */
    heldBytes: HeldBytes | null;
    /** Whether its body has arrived and its answer was not sent yet. */
    isUnderWay: boolean;
  }
  interface FastifyContextConfig {
    /** Whether the route needs no token. */
    open?: boolean;
    /** The name of the route in the metrics; set for inference routes. */
    inference?: string;
  }
}
