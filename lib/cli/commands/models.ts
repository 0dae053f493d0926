import type { Command } from 'commander';
import { json } from './options';

export function addModels(program: Command): void {
  program
    .command('models')
    .description('list the bundled networks: their accuracy, size and classes')
    .addOption(json())
    .action(async (options) => (await import('../models.js')).listModels(options));
}
