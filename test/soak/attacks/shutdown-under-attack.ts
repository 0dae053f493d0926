// A server of its own that gets SIGTERM while clients are silent, slow, half-closed and never read: it must end with 0, soon after its grace.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, aborted, Tally } from '../attack';
import { openSession } from '../grpc-connections';
import { bytes } from '../networks';
import { startServer } from '../server-process';
import { attack as grpcLargeMessages } from './grpc-large-messages';
import { attack as halfClosed } from './half-closed';
import { attack as neverReading } from './never-reading';
import { attack as silentConnections } from './silent-connections';
import { attack as slowBodies } from './slow-bodies';
import { attack as slowHeaders } from './slow-headers';

/** In milliseconds. */
const grace = 2000;
const limit = grace + 1000;

export const attack: Attack = (_target, tally) => async (signal) => {
  while (!signal.aborted) {
    const server = await startServer({ weights: [bytes.name], options: ['--grace', String(grace)] });
    const end = new AbortController();
    const silent = new Tally();
    const attacks = [grpcLargeMessages, halfClosed, neverReading, silentConnections, slowBodies, slowHeaders];
    const running = Promise.all(attacks.map(async (attack) => (await attack(server.target, silent))(end.signal)));
    const session = openSession(server.target, silent);
    await Promise.race([sleep(2000), aborted(signal)]);
    const began = performance.now();
    server.process.kill('SIGTERM');
    const code = await Promise.race([server.ended, sleep(10 * limit, 'never', { ref: false })]);
    const took = performance.now() - began;
    tally.count(code === 0 && took <= limit ? 'ended in time' : `ended with ${code} after ${Math.round(took)} ms`);
    server.process.kill('SIGKILL');
    session.destroy();
    end.abort();
    await running;
  }
};
