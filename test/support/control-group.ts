// Control groups of Linux, version 1 and 2: processes with less CPU time or memory than the machine has.
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Test } from 'tap';

const root = '/sys/fs/cgroup';
const isVersion2 = existsSync(join(root, 'cgroup.controllers'));
const files = isVersion2 ? { cpu: 'cpu.max', memory: 'memory.max' } : { cpu: 'cpu.cfs_quota_us', memory: 'memory.limit_in_bytes' };
const folderOf = (controller: string): string => (isVersion2 ? root : join(root, controller));

/** Why no group with `controller` can be made; false if it can. */
export function missingController(controller: 'cpu' | 'memory'): string | false {
  try {
    accessSync(join(folderOf(controller), 'cgroup.procs'), constants.W_OK);
    if (isVersion2 && !readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').includes(controller)) throw new Error();
    return false;
  } catch {
    return `no control group of ${controller} can be made here: run as root, in a privileged container`;
  }
}

/**
 * @param limit what the group is given: `cpu` in cores, `memory` in bytes
 * @returns the beginning of a command that runs the rest of it in the group
 */
export function commandInGroup(t: Test, controller: 'cpu' | 'memory', limit: number): [string, string[]] {
  const group = join(folderOf(controller), `addernet-${process.pid}-${controller}`);
  mkdirSync(group);
  t.teardown(async () => {
    for (let i = 0; i < 100 && readFileSync(join(group, 'cgroup.procs'), 'utf8') !== ''; i++) await sleep(50);
    rmdirSync(group);
  });
  const period = 100_000; // microseconds, the default
  const value = controller === 'memory' ? `${limit}` : isVersion2 ? `${limit * period} ${period}` : `${limit * period}`;
  writeFileSync(join(group, files[controller]), value);
  return ['sh', ['-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh']];
}
