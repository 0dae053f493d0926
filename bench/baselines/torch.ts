// PyTorch, as a process that takes training steps when it is asked to (torch_train.py). Debian: apt-get install python3-torch
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

const script = join(__dirname, '../../bench/baselines/torch_train.py');
/** The first Python that has it: Debian's, where another one comes first on the path. */
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import torch']).status === 0);

export const haveTorch = (): boolean => python !== undefined;

export class TorchTrainer {
  readonly #child: ChildProcess;
  readonly #answers: Interface;

  private constructor(child: ChildProcess, answers: Interface) {
    this.#child = child;
    this.#answers = answers;
  }

  static async start(threads: number): Promise<TorchTrainer & { version: string }> {
    // Tensors of many megabytes come and go: memory is kept, or every one of them would be fetched from the system page by page.
    const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...rest } = process.env;
    const env = { ...rest, MALLOC_MMAP_THRESHOLD_: '1073741824', MALLOC_TRIM_THRESHOLD_: '4294967296' };
    const child = spawn(python!, [script, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const answers = createInterface({ input: child.stdout! });
    const [line] = (await once(answers, 'line')) as [string];
    return Object.assign(new TorchTrainer(child, answers), { version: JSON.parse(line).torch as string });
  }

  /** One step of ResNet-20 on images that stay the same. */
  async step(kind: 'conv' | 'adder', batch: number): Promise<void> {
    const answer = once(this.#answers, 'line');
    this.#child.stdin!.write(`${kind} ${batch} 1\n`);
    await answer;
  }

  stop(): void {
    this.#child.stdin!.end();
  }
}
