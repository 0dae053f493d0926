import type { Command } from 'commander';

export function addFigures(program: Command): void {
  program
    .command('figures')
    .description("reproduce the paper's tables and figures; a repeated call keeps what is finished")
    .argument('[names...]', 'which figures (default: all)')
    .option('--out <dir>', 'the output folder', 'figures')
    .option('--data <dir>', 'the folder with a subfolder of official files for each data set, mnist and cifar10', 'data')
    .option('--logs <dir>', 'show these training logs, too: .jsonl files, or folders that `addernet train` wrote')
    .option('--quick', 'reduced measurements: minutes instead of hours')
    .action(async (names, options) => (await import('../figures.js')).figuresCommand(names, options));
}
