// The process of the well-behaved client. It sends requests at a fixed rate whether or not earlier ones were answered, and counts the time of
// each from when it was due, so that what waits behind a stall counts as well (no coordinated omission).
import { Agent } from 'node:http';
import type { Target } from './attack';
import { type Exchange, makeExchanges } from './exchanges';

/** In requests per second: a tenth of what the server could do. */
export const rate = 50;

export interface Sample {
  readonly kind: string;
  /** When it was due, in milliseconds since 1970. */
  readonly due: number;
  /** In milliseconds from then to the answer. */
  readonly took: number;
  /** Why there is no answer. */
  readonly error?: string;
  readonly isWrong?: boolean;
}

const now = () => performance.timeOrigin + performance.now();

async function run(target: Target): Promise<void> {
  const exchanges = await makeExchanges(target, new Agent({ keepAlive: true }), 10);
  let samples: Sample[] = [];
  const exchange = async ({ kind, ask }: Exchange, due: number): Promise<void> => {
    try {
      const isWrong = !(await ask());
      samples.push({ kind, due, took: now() - due, ...(isWrong && { isWrong }) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      samples.push({ kind, due, took: now() - due, error: `${code === undefined ? '' : `${code} `}${message}` });
    }
  };
  for (const each of exchanges) await exchange(each, now()); // connections, compiled code
  if (samples.some(({ error, isWrong }) => error !== undefined || isWrong)) throw new Error(JSON.stringify(samples.slice(0, 3)));
  samples = [];
  process.send!('ready');

  const began = now();
  let sent = 0;
  let isEnding = false;
  const open = new Set<Promise<void>>();
  process.on('message', () => {
    isEnding = true;
  });
  const report = setInterval(() => {
    if (samples.length > 0) process.send!(samples);
    samples = [];
  }, 250);
  while (!isEnding) {
    for (; began + (1000 * sent) / rate <= now(); sent++) {
      // Prime to their number, so that neither kinds nor images come in a row.
      const asked = exchange(exchanges[(sent * 37) % exchanges.length]!, began + (1000 * sent) / rate);
      open.add(asked);
      void asked.then(() => open.delete(asked));
    }
    await new Promise((resolve) => setTimeout(resolve, began + (1000 * sent) / rate - now()));
  }
  await Promise.all(open);
  clearInterval(report);
  process.send!(samples);
  process.send!('ended');
}

if (require.main === module) {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (target: Target) =>
    run(target).catch((error) => {
      console.error(error);
      process.exit(1);
    }),
  );
}
