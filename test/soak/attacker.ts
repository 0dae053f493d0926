// The process of one attack: node attacker.js NAME RATE_FACTOR. It answers the target with 'ready', attacks from 'start' to 'stop', and reports its tally.
import { type Attack, setRateFactor, Tally, type Target } from './attack';

const [, , name, rateFactor] = process.argv;
setRateFactor(Number(rateFactor));
const { attack } = require(`./attacks/${name}`) as { attack: Attack };
const tally = new Tally();
const send = (message: unknown) => new Promise((resolve) => process.send!(message, resolve));
const next = <T>() => new Promise<T>((resolve) => process.once('message', resolve));

// Whatever the server does to its sockets is an outcome, and must not end the attack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => tally.count(`attacker: ${error.code ?? error.message}`));
process.on('disconnect', () => process.exit(0));

(async () => {
  const run = await attack(await next<Target>(), tally);
  await send('ready');
  await next();
  const end = new AbortController();
  const running = run(end.signal);
  await next();
  end.abort();
  await running;
  await send(tally.counts); // then it waits to be disconnected, so that the tally is not lost; the end resets whatever is still open
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
