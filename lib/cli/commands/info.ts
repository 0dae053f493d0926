import type { Command } from 'commander';
import { json } from './options';

export function addInfo(program: Command): void {
  program
    .command('info')
    .description('describe this CPU, its instruction sets and threads, or the contents of a weights file')
    .argument('[file]', 'a weights file, or the name of a bundled network')
    .addOption(json())
    .action(async (file, options) => (await import('../info.js')).info(file, options));
}
