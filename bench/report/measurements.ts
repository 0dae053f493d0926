// What `addernet bench … --json` printed on one CPU: a folder of bench/results.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { KernelReport, LayerReport, ModelReport, ServeReport, TrainReport } from '../../dist/cli/bench-results';

export type Dated<Report> = Report & { date: string };

/** Kernels and layers on one thread, models on one and on two, training steps on two, the server's network on one. */
export interface Measurements {
  /** The name of the folder, such as `zen3`. */
  readonly name: string;
  readonly kernels: Dated<KernelReport>;
  readonly layers: Dated<LayerReport>;
  readonly models: readonly Dated<ModelReport>[];
  /** Not of every CPU: it is younger than some measurements. */
  readonly wasm?: Dated<ModelReport> | undefined;
  readonly train: Dated<TrainReport>;
  readonly serve: Dated<ServeReport>;
}

export function readMeasurements(folder: string): Measurements {
  const reports = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const of = (bench: string) => reports.filter((report) => report.bench === bench);
  const [[kernels], [layers], [wasm], [train], [serve]] = [of('kernels'), of('layers'), of('wasm'), of('train'), of('serve')];
  const models = of('models');
  return { name: basename(folder), kernels, layers, wasm, train, serve, models: models.sort((a, b) => a.threads - b.threads) };
}

/** @throws {Error} if there is none */
export function find<Result>(results: readonly Result[], is: (result: Result) => boolean, what: string): Result {
  const found = results.find(is);
  if (!found) throw new Error(`the measurements lack ${what}: measure again, with the baselines installed (bench/baselines)`);
  return found;
}

/** Whether an implementation, which is younger than some measurements, was measured. */
export const has = (results: readonly { readonly implementation: string }[], name: string): boolean =>
  results.some(({ implementation }) => implementation === name);

/** Seconds of a layer. */
export const layerTime = ({ results }: LayerReport, layer: string, implementation: string): number =>
  find(results, (r) => r.layer === layer && r.implementation === implementation, `${implementation} on ${layer}`).seconds;

/** Seconds of a run. */
export const modelTime = ({ results }: ModelReport, network: string, batch: number, implementation: string): number =>
  find(results, (r) => r.network === network && r.batch === batch && r.implementation === implementation, `${implementation} in ${network}`)
    .seconds;

/** Seconds of a run in WebAssembly, or of the addon's instruction set beside it. */
export const wasmTime = ({ results }: ModelReport, isa: string, implementation: string): number =>
  find(results, (r) => r.isa === isa && r.implementation === implementation, `${implementation} in ${isa}`).seconds;

/** Milliseconds of an image. */
export const trainTime = ({ results }: TrainReport, implementation: string, batch: number): number =>
  find(results, (r) => r.implementation === implementation && r.batch === batch, `training by ${implementation}`).millisecondsPerImage;

export const unique = (names: readonly string[]): string[] => [...new Set(names)];
/** A layer's name without its batch. */
export const shortName = (layer: string): string => layer.replace(/ batch.*/, '');
