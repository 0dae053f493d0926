#!/usr/bin/env node
// `addernet <command>`. Exit code 0 means success, 1 failure, 2 wrong usage.
import { Command, CommanderError, Help } from 'commander';
import { AdderNetError } from '../errors';
import { permissionRemedy } from '../node-permissions';
import { addCommands } from './commands';
import { printableLines } from './printable';
import { printError, printStack } from './terminal';
import { defaultColumns, isNarrow, wrap } from './text-layout';

const { version } = require('../../package.json') as { version: string };

function createProgram(): Command {
  const program = new Command('addernet')
    .description('Adder neural networks: additions in place of multiplications')
    .version(version)
    .exitOverride()
    .configureHelp({ formatItem: helpItem })
    .configureOutput({
      outputError: (text, write) =>
        write(
          printableLines(
            text.replace(/^error:/, 'addernet:').replace(/^(addernet: unknown option '--unit')$/m, '$1\n(Did you mean --kind?)'),
          ),
        ),
    });
  for (const add of addCommands) add(program);
  nameHelp(program, 'addernet');
  return program;
}

/** An option or command and its description, which is printed below it on a narrow terminal. */
function helpItem(term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? defaultColumns;
  if (!isNarrow(columns)) return Help.prototype.formatItem.call(helper, term, termWidth, description, helper);
  return [`  ${term}`, wrap(`    ${description}`, columns, '    ')].join('\n');
}

/** Makes the error message of wrong usage end with the help command to type. */
function nameHelp(command: Command, line: string): void {
  command.showHelpAfterError(`(${line} --help lists what it takes)`);
  for (const inner of command.commands) nameHelp(inner, `${line} ${inner.name()}`);
}

async function run(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return 0;
  } catch (error) {
    // commander has printed its message already. Help and version are successes, everything else is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const known = error instanceof AdderNetError;
    const text = permissionRemedy(error) ?? `${known ? '' : 'unexpected: '}${(error as Error).message}`;
    const message = `addernet: ${text}`;
    if (process.env.ADDERNET_DEBUG === '1') printStack(error);
    else printError(message);
    return 1;
  }
}

// A reader such as head may close the output early. Other programs then end silently by SIGPIPE, which Node ignores. A redirected output may
// fill the disk.
const endedByPipe = 128 + 13;
for (const stream of [process.stdout, process.stderr])
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(endedByPipe);
    printError(`addernet: cannot write the output: ${message}`);
    process.exit(1);
  });

run().then((code) => {
  process.exitCode ||= code; // an interrupted command has set its own
});
