import { Argument, type Command } from 'commander';
import { downloadNames } from '../../data/official-files';
import { json } from './options';

export function addData(program: Command): void {
  program
    .command('data')
    .description('download data sets')
    .command('get')
    .description('download the official files of a data set and check them; only this and `rebuild` use the network')
    .addArgument(new Argument('<name>', 'the data set').choices(downloadNames))
    .option('--out <dir>', 'where to put the files (default: data/<name>, where the other commands look for them)')
    .option('--url <address>', 'a mirror to download from instead of the official URLs')
    .addOption(json())
    .action(async (name, options) => (await import('../data.js')).getData(name, options));
}
