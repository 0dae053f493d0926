/** Milliseconds that the threads of this process have computed. What waits for a busy machine is not in it. */
export function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
