// When a training is saved, and where.
import { performance } from 'node:perf_hooks';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint';
import { type Progress, startOf } from './progress';

export interface AutosaveOptions {
  /** A file to save to: after each epoch, at least every `everySeconds` (default 300), and when the signal aborts. */
  checkpoint?: string | { path: string; everySeconds?: number } | undefined;
  /** Goes on from the checkpoint if there is one. Default false: it is written over. */
  resume?: boolean | undefined;
}

export class Autosave {
  readonly #checkpoint: Checkpoint;
  readonly #path: string | undefined;
  readonly #everySeconds: number;
  readonly #resume: boolean;
  #last = performance.now();

  constructor(checkpoint: Checkpoint, { checkpoint: where, resume = false }: AutosaveOptions) {
    const { path = undefined, everySeconds = 300 } = typeof where === 'string' ? { path: where } : (where ?? {});
    this.#checkpoint = checkpoint;
    this.#path = path;
    this.#everySeconds = everySeconds;
    this.#resume = resume;
  }

  /** Where to begin: at the checkpoint, or at the start. */
  async start(): Promise<Progress> {
    const stored = this.#resume && this.#path !== undefined ? await loadCheckpoint(this.#path, this.#checkpoint) : undefined;
    return stored ?? { history: [], place: startOf(0) };
  }

  async save(progress: Progress): Promise<void> {
    if (this.#path !== undefined) await saveCheckpoint(this.#path, this.#checkpoint, progress);
    this.#last = performance.now();
  }

  async saveInTime(progress: Progress): Promise<void> {
    if (performance.now() - this.#last > this.#everySeconds * 1000) await this.save(progress);
  }
}
