// Handles Ctrl-C and SIGTERM for work that stops at its next safe point. A second signal ends the process at once.
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof exitCodes;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code after a signal: 128 plus its number; undefined if none came. */
  readonly exitCode: number | undefined;
  dispose(): void;
}

/** @param onFirst called on the first signal */
export function onInterrupt(onFirst: () => void): Interrupt {
  const controller = new AbortController();
  let came: Signal | undefined;
  const dispose = (): void => {
    for (const name of Object.keys(exitCodes)) process.removeListener(name, listen);
  };
  const listen = (name: Signal): void => {
    came = name;
    dispose(); // by default, Node ends the process on the next signal
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
