// Whether two sessions say the same of an image.
import type { Test } from 'tap';
import type { Classification } from '../../dist';

/**
 * The same class is the most probable one, unless two are about as probable.
 * @param tolerance of the probabilities: images may have been scaled by other code
 */
export function checkClasses(
  t: Test,
  classes: readonly Classification[],
  expected: readonly Classification[],
  what: string,
  tolerance = 0.1,
): void {
  const [best, second] = expected;
  const isClose = best!.probability - (second?.probability ?? 0) < tolerance && classes[0]?.class === second?.class;
  if (!isClose) t.equal(classes[0]?.name, best!.name, what);
  for (const { class: own, probability } of classes) {
    const other = expected.find((one) => one.class === own)?.probability ?? 0;
    t.ok(Math.abs(probability - other) <= tolerance, `${what}: ${own} has ${probability}, expected ${other}`);
  }
}
