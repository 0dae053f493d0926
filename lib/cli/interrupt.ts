// Ctrl-C and SIGTERM, for work that ends at the next good moment. A second one ends at once, as without this.
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof exitCodes;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** What a process that was told to end returns: 128 and the number of the signal. */
  readonly exitCode: number | undefined;
  dispose(): void;
}

/** @param onFirst called when the first signal comes */
export function onInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let came: Signal | undefined;
  const dispose = (): void => {
    for (const name of Object.keys(exitCodes)) process.removeListener(name, listen);
  };
  const listen = (name: Signal): void => {
    came = name;
    dispose(); // Node's own answer to the next one is to end
    onFirst();
    controller.abort();
  };
  for (const name of Object.keys(exitCodes)) process.on(name, listen);
  return {
    signal: controller.signal,
    get exitCode() {
      return came && exitCodes[came];
    },
    dispose,
  };
}
