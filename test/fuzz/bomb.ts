// Reads one file in a process of its own, and prints what became of it, the largest memory of the process in MB and the CPU time in ms.
//   node dist-test/fuzz/bomb.js <reader> <path>

import { readFileSync } from 'node:fs';
import { load, readTensors } from '../../dist';
import { parseCifarPickle } from '../../dist/data/cifar-python';
import { parseIdx } from '../../dist/data/idx';
import { readImage } from '../../dist/data/image';
import { listImages } from '../../dist/data/image-files';

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

async function main([reader, path]: string[]): Promise<void> {
  let [outcome, message] = ['read', ''];
  try {
    await readers[reader!]!(path!);
  } catch (error) {
    const { name, code } = error as Error & { code?: string };
    [outcome, message] = [`${name} ${code}`, (error as Error).message.slice(0, 500)];
  }
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const report: Report = {
    outcome,
    message,
    megabytes: Math.round(maxRSS / 1024),
    milliseconds: Math.round((userCPUTime + systemCPUTime) / 1000),
  };
  console.log(JSON.stringify(report));
}

void main(process.argv.slice(2));
