// Progress goes to standard error: a bar on a terminal, occasional lines elsewhere, nothing with --json.
import { Format, type Options, type Params, SingleBar } from 'cli-progress';
import { printable } from './printable';
import { printError } from './terminal';

export interface Progress {
  update(done: number): void;
  stop(): void;
}

export function startProgress(what: string, total: number, { quiet }: { quiet: boolean }): Progress {
  if (quiet) return { update() {}, stop() {} };
  if (!process.stderr.isTTY) return plainLines(what, total);
  const began = Date.now();
  const shown = printable(what);
  const numbers = (done: number): string => {
    const rate = (done / (Date.now() - began)) * 1000;
    return `${shown} ${done}/${total}  ${Math.round(rate)}/s  ${done > 0 ? `${Math.ceil((total - done) / rate)} s` : '-'} left`;
  };
  const bar = new SingleBar({ ...terminalOptions, format: (options, params) => barWith(numbers(params.value), options, params) });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

/** The cursor and line wrapping of the terminal stay unchanged, because a killed process could not restore them. */
export const terminalOptions: Options = { hideCursor: false, linewrap: true };

const minBarWidth = 10;

/** The bar fills the width that the numbers leave. Numbers that are too long are truncated. */
export function barWith(numbers: string, options: Options, { progress, maxWidth }: Params): string {
  const barsize = Math.min(options.barsize!, maxWidth - numbers.length - '[] '.length);
  const drawn = barsize < minBarWidth ? '' : `[${Format.BarFormat(progress, { ...options, barsize })}] `;
  return drawn + numbers;
}

function plainLines(what: string, total: number): Progress {
  let printed = 0;
  return {
    update(done) {
      const tenth = Math.floor((done / total) * 10);
      if (tenth > printed) printError(`${what} ${done}/${total}`);
      printed = tenth;
    },
    stop() {},
  };
}
