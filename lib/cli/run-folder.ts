// The folder of a training run: its arguments, checkpoint, log and networks.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AdderNetError } from '../errors';
import { save } from '../files';
import { FileLock } from '../io/file-lock';
import { createFolder, writeFileAtomic } from '../io/write-file';
import type { Model, Training } from '../models';
import type { EpochRecord } from '../train/progress';
import { checkFolderOut } from './output-path';
import { parseTrainArguments, type TrainArguments } from './train-arguments';

export class RunFolder {
  readonly path: string;
  #lock: FileLock | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Everything needed to continue. */
  get checkpoint(): string {
    return join(this.path, 'checkpoint.safetensors');
  }

  /**
   * Creates and locks the folder for a new run.
   * @throws {AdderNetError} ERR_ARGUMENT if the path cannot be a folder or already contains a run; ERR_LOCKED if another process trains in it
   */
  async create(): Promise<void> {
    checkFolderOut('--out', this.path);
    this.#checkNew();
    await createFolder(this.path);
    await this.#acquire();
    this.#checkNew(); // nor has one begun and ended since
  }

  /**
   * Locks the folder of a run.
   * @returns the arguments that the run started with
   * @throws {AdderNetError} ERR_ARGUMENT if there is no run in the folder; ERR_LOCKED if another process trains in it; what parseTrainArguments
   *   throws
   */
  async open(): Promise<Partial<TrainArguments>> {
    const file = join(this.path, 'arguments.json');
    if (existsSync(file)) await this.#acquire();
    let json: string;
    try {
      json = await readFile(file, 'utf8');
    } catch (cause) {
      throw new AdderNetError('ERR_ARGUMENT', `train: there is no run to resume in ${this.path}: ${(cause as Error).message}`, {
        cause,
      });
    }
    return parseTrainArguments(json, file);
  }

  /** Lets other processes use the folder. */
  async close(): Promise<void> {
    await this.#lock?.release();
  }

  async #acquire(): Promise<void> {
    this.#lock = await FileLock.acquire('the folder', this.path, join(this.path, 'train.lock'));
  }

  #checkNew(): void {
    if (existsSync(this.checkpoint))
      throw new AdderNetError(
        'ERR_ARGUMENT',
        `train: ${this.path} already contains a run: continue it with --resume, or start a new one in another --out`,
      );
  }

  async writeArguments(args: object): Promise<void> {
    await this.write('arguments.json', `${JSON.stringify(args, null, 2)}\n`);
  }

  /** Writes a line of JSON for each epoch. */
  async writeLog(history: readonly EpochRecord[]): Promise<void> {
    await this.write('log.jsonl', history.map((record) => `${JSON.stringify(record)}\n`).join(''));
  }

  /** @throws {AdderNetError} ERR_LOCKED if another process has the folder by now; what writeFileAtomic does */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    await this.#lock?.check();
    await writeFileAtomic(join(this.path, name), content);
  }

  /** Writes a network: `best` after the epoch with the best validation accuracy, `model` at the end. It throws what write does. */
  async save(name: 'best' | 'model', model: Model, training: Training): Promise<void> {
    await this.#lock?.check();
    await save(model, join(this.path, `${name}.safetensors`), { training });
  }
}
