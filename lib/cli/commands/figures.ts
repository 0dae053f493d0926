import type { Command } from 'commander';

export function addFigures(program: Command): void {
  program
    .command('figures')
    .description("remake the paper's tables and figures; called again, it keeps what is finished")
    .argument('[names...]', 'which of them (default: all)')
    .option('--out <dir>', 'where they go', 'figures')
    .option('--data <dir>', 'the folder with a subfolder of official files for each data set, mnist and cifar10', 'data')
    .option('--logs <dir>', 'show these training logs, too: .jsonl files, or folders that `addernet train` wrote')
    .option('--quick', 'less of everything: minutes instead of hours')
    .action(async (names, options) => (await import('../figures.js')).figuresCommand(names, options));
}
