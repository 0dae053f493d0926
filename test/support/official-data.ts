// Official data sets and published weights, which are not part of the repository: in ../shared, or in ADDERNET_TEST_DATA.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repository } from './repository';

/** The folder with data/ and weights/. */
export const testData = resolve(process.env.ADDERNET_TEST_DATA ?? join(repository, '../shared'));
const data = join(testData, 'data');
const unpack = join(data, 'unpack.mjs');

/** Why there is no such data; false if there is. */
export const missingData = (dataset: string): string | false => {
  const needed = { mnist: join(data, 'mnist'), cifar10: unpack }[dataset];
  if (needed === undefined) return `no test has ${dataset}`;
  return !existsSync(needed) && `${needed} is not there`;
};

/** The folder of a data set that is not missing. */
export const dataFolder = (dataset: string): string => (dataset === 'cifar10' ? cifar10() : join(data, dataset));

/** The folder with the binary files, unpacked once; it gets its name when it is whole. */
function cifar10(): string {
  const folder = join(repository, '.cache/cifar10');
  if (existsSync(join(folder, 'test_batch.bin'))) return folder;
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    const { status, stderr } = spawnSync(process.execPath, [unpack, partial], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`unpack.mjs: ${stderr}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}
