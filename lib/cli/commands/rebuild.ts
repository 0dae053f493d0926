import type { Command } from 'commander';

export function addRebuild(program: Command): void {
  program
    .command('rebuild')
    .description('compile the native code on this machine')
    .action(async () => (await import('../rebuild.js')).rebuild());
}
