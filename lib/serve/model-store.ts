// The served networks by name and version.
import { basename } from 'node:path';
import { AdderNetError } from '../errors';
import { load } from '../files';
import type { ModelMetadata } from '../models';
import { compile, type InferenceSession } from '../session';
import { Batcher, type BatchingOptions } from './batcher';
import { HttpError } from './http-error';
import { valueText } from './request-json';
import { ModelStatistics } from './statistics';

/** A network that was loaded. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly metadata: ModelMetadata;
  /** The bits of its activations and filters; 32 for floats. */
  readonly bits: number;
  readonly session: InferenceSession;
  readonly batcher: Batcher;
  readonly statistics: ModelStatistics;
}

/** A file that could not be loaded. The other networks are still served. */
export interface BrokenModel {
  readonly name: string;
  readonly version: string;
  readonly error: string;
  /** What clients may know of the error, which can contain paths of the machine. */
  readonly reason: string;
}

export interface StoreOptions extends BatchingOptions {
  /** The threads of each network. Default: the threads of the process. */
  readonly threads?: number | undefined;
  /** Whether clients may see why a file could not be loaded: only if they have shown a token. */
  readonly showsErrors: boolean;
  readonly onBatch?: (model: { name: string; version: string }, images: number) => void;
}

export class ModelStore {
  /** The versions of each name, starting at 1. */
  readonly #models = new Map<string, (ServedModel | BrokenModel)[]>();

  /**
   * Loads weights files in order.
   * @param weights files or names of bundled networks, each optionally as NAME=FILE; several of the same name become versions 1, 2 …
   * @throws {AdderNetError} as a rejection: ERR_ARGUMENT if a name cannot be part of a URL
   */
  static async load(weights: readonly string[], options: StoreOptions): Promise<ModelStore> {
    const store = new ModelStore();
    for (const text of weights) {
      const { name, file } = parseWeights(text);
      const versions = store.#models.get(name) ?? [];
      store.#models.set(name, versions);
      versions.push(await loadModel(name, String(versions.length + 1), file, options));
    }
    return store;
  }

  all(): (ServedModel | BrokenModel)[] {
    return [...this.#models.values()].flat();
  }

  ready(): ServedModel[] {
    return this.all().filter(isServed);
  }

  broken(): BrokenModel[] {
    return this.all().filter((model) => 'error' in model);
  }

  versions(name: string): string[] {
    return (this.#models.get(name) ?? []).map(({ version }) => version);
  }

  /**
   * @param version default: the latest
   * @throws {HttpError} 404 if there is no such network, 503 if it could not be loaded
   */
  get(name: string, version?: string): ServedModel {
    const versions = this.#models.get(name);
    if (!versions)
      throw new HttpError(
        404,
        `there is no model ${valueText(name)}, expected ${[...this.#models.keys()].map((known) => `'${known}'`).join(', ')}`,
      );
    const model = version === undefined ? versions.at(-1)! : versions.find((candidate) => candidate.version === version);
    if (!model)
      throw new HttpError(404, `model '${name}' has no version ${valueText(version)}, expected ${this.versions(name).join(', ')}`);
    if (!isServed(model)) throw new HttpError(503, `model '${name}' could not be loaded: ${model.reason}`);
    return model;
  }

  /** Frees the sessions. Runs that have started still finish. */
  dispose(): void {
    for (const { session } of this.ready()) session.dispose();
  }
}

const isServed = (model: ServedModel | BrokenModel): model is ServedModel => 'session' in model;

function parseWeights(text: string): { name: string; file: string } {
  const [, given, file = text] = /^([^=/\\]+)=(.+)$/.exec(text) ?? [];
  const name = given ?? basename(file).replace(/\.(safetensors|pth)$/, '');
  // '.' and '..' would vanish from a URL, and /v2/models/stats is taken.
  if (!/^(?!\.{1,2}$|stats$)[\w.-]+$/.test(name))
    throw new AdderNetError(
      'ERR_ARGUMENT',
      `serve: '${name}' cannot be the name of a model, expected letters, digits, '.', '_' and '-', and not 'stats': name it, as in --weights digits=${file}`,
    );
  return { name, file };
}

async function loadModel(name: string, version: string, file: string, options: StoreOptions): Promise<ServedModel | BrokenModel> {
  try {
    const network = await load(file);
    const session = await compile(network, { threads: options.threads });
    const statistics = new ModelStatistics();
    const batcher = new Batcher(
      (x) => session.run(x),
      options,
      (images, milliseconds) => {
        statistics.recordBatch(images, milliseconds);
        options.onBatch?.({ name, version }, images);
      },
    );
    return { name, version, metadata: network.metadata, bits: 'bits' in network ? network.bits : 32, session, batcher, statistics };
  } catch (error) {
    const { message } = error as Error;
    return { name, version, error: message, reason: options.showsErrors ? message : 'the log of the server says why' };
  }
}
