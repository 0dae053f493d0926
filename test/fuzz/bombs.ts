// Reads files that ask for much, each in a process of its own, and holds memory and time against bounds.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Report } from './bomb';

export const MB = 2 ** 20;
export const refused = /^AdderNetError ERR_(FORMAT|CORRUPT)$/;

export interface Bomb {
  readonly name: string;
  readonly reader: 'load' | 'tensors' | 'idx' | 'cifar' | 'image';
  readonly bytes: () => Uint8Array;
  readonly outcome: RegExp;
  /** Of memory, beyond what Node and the package take. */
  readonly maxMegabytes: number;
  /** Of CPU time. */
  readonly maxSeconds: number;
}

export const measure = (reader: Bomb['reader'] | 'folder', path: string): Report =>
  JSON.parse(execFileSync(process.execPath, [join(__dirname, 'bomb.js'), reader, path], { encoding: 'utf8', maxBuffer: MB }));

/** Memory is measured by what Linux says of a process. */
export const skip = process.platform !== 'linux' && 'it needs /proc';

export function testBombs(bombs: readonly Bomb[]): void {
  for (const { name, reader, bytes, outcome, maxMegabytes, maxSeconds } of bombs)
    t.test(name, { skip }, (t) => {
      const path = join(t.testdir(), 'bomb');
      writeFileSync(path, bytes());
      const report = measure(reader, path);
      t.match(report.outcome, outcome, report.message);
      t.ok(report.megabytes <= maxMegabytes, `${report.megabytes} MB, at most ${maxMegabytes}`);
      t.ok(report.milliseconds <= 1000 * maxSeconds, `${report.milliseconds} ms of CPU time, at most ${1000 * maxSeconds}`);
      t.end();
    });
}
