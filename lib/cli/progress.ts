// Progress goes to standard error: a bar on a terminal, a plain line now and then elsewhere, nothing beside --json.
import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number): void;
  stop(): void;
}

export function startProgress(what: string, total: number, { quiet }: { quiet: boolean }): Progress {
  if (quiet) return { update() {}, stop() {} };
  if (!process.stderr.isTTY) return plainLines(what, total);
  const bar = new SingleBar({ format: `${what} [{bar}] {value}/{total}  {rate}/s  {eta_formatted} left`, hideCursor: true });
  const began = Date.now();
  bar.start(total, 0, { rate: '-' });
  return {
    update: (done) => bar.update(done, { rate: Math.round((done / (Date.now() - began)) * 1000) }),
    stop: () => bar.stop(),
  };
}

function plainLines(what: string, total: number): Progress {
  let printed = 0;
  return {
    update(done) {
      const tenth = Math.floor((done / total) * 10);
      if (tenth > printed) console.error(`${what} ${done}/${total}`);
      printed = tenth;
    },
    stop() {},
  };
}
