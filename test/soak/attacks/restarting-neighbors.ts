// Another server on the same machine, which starts and is ended by a signal, again and again; and one that wants the port of the first.
import { type Attack, turns } from '../attack';
import { bytes } from '../networks';
import { spawnServer, startServer } from '../server-process';

const signals = ['SIGHUP', 'SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT', 'SIGABRT'] as const;

export const attack: Attack = (target, tally) => async (signal) => {
  let i = 0;
  for await (const _ of turns(1, signal)) {
    const kind = signals[i++ % signals.length]!;
    const neighbor = await startServer({ weights: [bytes.name] });
    neighbor.process.kill(kind);
    await neighbor.ended;
    tally.count(`ended by ${kind}`);
    const rival = await spawnServer({ weights: [bytes.name], port: target.port, grpcPort: target.grpcPort });
    tally.count((await rival.ended) === 1 ? 'the port is taken' : 'a second server has the port');
  }
};
