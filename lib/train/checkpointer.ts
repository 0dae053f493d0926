// When a training run is saved, and where.
import { performance } from 'node:perf_hooks';
import { FileLock } from '../io/file-lock';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from './checkpoint';
import { newEpoch, type Progress } from './progress';

export interface CheckpointOptions {
  /**
   * A file to save to: after each epoch, at least every `everySeconds` (default 300), and when the signal aborts. Meanwhile, the file `path`.lock
   * keeps other training runs from it.
   */
  checkpoint?: string | { path: string; everySeconds?: number } | undefined;
  /** Continues from the checkpoint if there is one. Default false: it is overwritten. */
  resume?: boolean | undefined;
}

export class Checkpointer {
  readonly #checkpoint: Checkpoint;
  readonly #path: string | undefined;
  readonly #everySeconds: number;
  readonly #resume: boolean;
  #lock: FileLock | undefined;
  #lastSave = performance.now();

  constructor(checkpoint: Checkpoint, { checkpoint: where, resume = false }: CheckpointOptions) {
    const { path = undefined, everySeconds = 300 } = typeof where === 'string' ? { path: where } : (where ?? {});
    this.#checkpoint = checkpoint;
    this.#path = path;
    this.#everySeconds = everySeconds;
    this.#resume = resume;
  }

  /** Runs `train` while no other training run can use the checkpoint. */
  async locked<T>(train: () => Promise<T>): Promise<T> {
    if (this.#path === undefined) return await train();
    this.#lock = await FileLock.acquire('the checkpoint', this.#path);
    return await train().finally(() => this.#lock?.release());
  }

  /** Where training begins: at the checkpoint, or at the first epoch. */
  async restore(): Promise<Progress> {
    const stored = this.#resume && this.#path !== undefined ? await loadCheckpoint(this.#path, this.#checkpoint) : undefined;
    return stored ?? { history: [], current: newEpoch(0) };
  }

  async save(progress: Progress): Promise<void> {
    await this.#lock?.check();
    if (this.#path !== undefined) await saveCheckpoint(this.#path, this.#checkpoint, progress);
    this.#lastSave = performance.now();
  }

  async saveIfDue(progress: Progress): Promise<void> {
    if (performance.now() - this.#lastSave > this.#everySeconds * 1000) await this.save(progress);
  }
}
