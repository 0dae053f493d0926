// Metrics for Prometheus.
import { setImmediate } from 'node:timers/promises';
import type * as Prometheus from 'prom-client';
import type { ModelStore } from './model-store';

export interface Metrics {
  readonly contentType: string;
  /** What all that ask for it in the same turn of the event loop share: it takes about half a millisecond. */
  text(): Promise<Buffer>;
  /** Records a request, successful or not. `code` is an HTTP status code, for gRPC too. */
  request(of: { model: string; version: string; route: string; code: number }, seconds: number): void;
  batch(of: { model: string; version: string }, images: number): void;
}

const milliseconds = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Creates the metrics of the server and the default metrics of the process, such as memory and event loop lag. */
export function createMetrics({ Registry, Histogram, Gauge, collectDefaultMetrics }: typeof Prometheus, store: () => ModelStore): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'addernet_request_duration_seconds',
    help: 'Time from the arrival of a request to its response',
    labelNames: ['model', 'version', 'route', 'code'],
    buckets: milliseconds.map((ms) => ms / 1000),
    registers: [registry],
  });
  const batches = new Histogram({
    name: 'addernet_batch_images',
    help: 'Number of images in a batch',
    labelNames: ['model', 'version'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers: [registry],
  });
  new Gauge({
    name: 'addernet_queue_images',
    help: 'Number of images that wait for a batch',
    labelNames: ['model', 'version'],
    registers: [registry],
    collect() {
      for (const { name, version, batcher } of store().ready()) this.set({ model: name, version }, batcher.queuedImages);
    },
  });
  let shared: Promise<Buffer> | undefined;
  const collect = async (): Promise<Buffer> => {
    await setImmediate();
    // Requests that arrive from here on see what happened in the meantime.
    shared = undefined;
    return Buffer.from(await registry.metrics());
  };
  return {
    contentType: registry.contentType,
    text: () => (shared ??= collect()),
    request: ({ code, ...labels }, seconds) => requests.observe({ ...labels, code: String(code) }, seconds),
    batch: (labels, images) => batches.observe(labels, images),
  };
}
