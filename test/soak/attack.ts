// What an attack is: a file of attacks/, run by attacker.ts in a process of its own.

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  /** The token of the server. Attackers know it, so that their requests get as far as they can. */
  readonly token: string;
}

/** Attacks until the signal is aborted. */
export type Run = (signal: AbortSignal) => Promise<void>;
/** Makes what the attack sends, before it is measured. */
export type Attack = (target: Target, tally: Tally) => Run | Promise<Run>;

/** How often the attack had each outcome: a status, the code of an error, the end of a connection. */
export class Tally {
  readonly counts: Record<string, number> = {};

  readonly count = (outcome: string | number): void => {
    this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
  };
}

/** How much of its rate each attack has: all of it alone, less beside the others, whose sum no server of one event loop could read. */
let rateFactor = 1;
export const setRateFactor = (factor: number): void => {
  rateFactor = factor;
};

/** Turns at a fixed rate until the signal is aborted. Turns that come late are left out, so that there are no bursts. */
export async function* turns(fullRate: number, signal: AbortSignal): AsyncGenerator<void> {
  const perSecond = fullRate * rateFactor;
  let next = performance.now();
  while (!signal.aborted) {
    yield;
    next = Math.max(next + 1000 / perSecond, performance.now());
    const wait = next - performance.now();
    await new Promise<void>((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', settle);
        resolve();
      };
      const timer = setTimeout(settle, wait);
      signal.addEventListener('abort', settle);
    });
  }
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
