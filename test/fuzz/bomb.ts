// Reads one file in a process of its own, and prints what became of it, by how many MB the memory of the
// process grew at most, and the CPU time in ms.
//   node dist-test/fuzz/bomb.js <reader> <path>

import { readFileSync, writeFileSync } from 'node:fs';
import { load, readTensors } from '../../dist';
import { parseCifarPickle } from '../../dist/data/cifar-python';
import { parseIdx } from '../../dist/data/idx';
import { readImage } from '../../dist/data/image';
import { listImages } from '../../dist/data/image-files';
import { cpuTime } from '../support/cpu-time';

const readers: Record<string, (path: string) => unknown> = {
  load: (path) => load(path, { onNote() {} }),
  tensors: readTensors,
  idx: (path) => parseIdx(readFileSync(path), path).shape,
  cifar: (path) => parseCifarPickle(readFileSync(path), 'labels', path),
  image: (path) => readImage(path, [8, 8, 3]),
  folder: (path) => listImages(path, 'train').files.length,
};

export interface Report {
  /** The class and code of the error; 'read' if there was none. */
  readonly outcome: string;
  readonly message: string;
  readonly megabytes: number;
  readonly milliseconds: number;
}

/** A line of /proc/self/status, in MB. */
const memory = (line: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;

async function main([reader, path]: string[]): Promise<void> {
  // The largest memory so far is that of the parent as well, which made the file.
  writeFileSync('/proc/self/clear_refs', '5');
  const [memoryBefore, timeBefore] = [memory('VmRSS'), cpuTime()];
  let [outcome, message] = ['read', ''];
  try {
    await readers[reader!]!(path!);
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    [outcome, message] = [`${name} ${code}`, (error as Error).message.slice(0, 500)];
  }
  const report: Report = {
    outcome,
    message,
    megabytes: Math.round(memory('VmHWM') - memoryBefore),
    milliseconds: Math.round(cpuTime() - timeBefore),
  };
  console.log(JSON.stringify(report));
}

void main(process.argv.slice(2));
