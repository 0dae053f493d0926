// Centering over the channels against its definition in double, on every instruction set of this CPU.
import fc from 'fast-check';
import t from 'tap';
import { ops, Tensor } from '../../../dist';
import { checkThreads, useIsa } from '../../support/cpu-settings';
import { draws } from '../../support/draws';
import { checkGuards, guarded } from '../../support/guarded';
import { instructionSets } from '../../support/instruction-sets';
import { bits, checkClose, normal } from '../../support/tensors';

interface Problem {
  pixels: number;
  channels: number;
  hasBias: boolean;
  isFar: boolean;
  part: number;
  seed: number;
}

/** The numbers, and the size of what is rounded on the way to each. */
function definition({ data, shape }: Tensor, bias: Tensor | undefined, part: number): { y: Float64Array; size: Float64Array } {
  const channels = shape.at(-1)!;
  const [y, size] = [new Float64Array(data.length), new Float64Array(data.length)];
  for (let first = 0; first < data.length; first += channels) {
    const pixel = data.subarray(first, first + channels);
    const mean = pixel.reduce((sum, v) => sum + v, 0) / channels;
    const largest = pixel.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    for (let c = 0; c < channels; c++) {
      y[first + c] = pixel[c]! - part * mean + (bias?.data[c] ?? 0);
      size[first + c] = largest + Math.abs(bias?.data[c] ?? 0);
    }
  }
  return { y, size };
}

function check({ pixels, channels, hasBias, isFar, part, seed }: Problem): void {
  const x = normal([pixels, channels], seed, isFar ? -3200 : 0, isFar ? 5 : 1);
  const bias = hasBias ? normal([channels], seed + 1) : undefined;
  const out = guarded([pixels, channels]);
  ops.centerChannels(x, { bias, part, out });
  checkGuards(out);
  const { y, size } = definition(x, bias, part);
  checkClose('y', out.data, y, (i) => 1e-6 * size[i]!);
  const inPlace = new Tensor(x.data.slice(), x.shape);
  ops.centerChannels(inPlace, { bias, part, out: inPlace });
  if (bits(inPlace) !== bits(out)) throw new Error('in place it differs');
  const last = new Tensor(x.data.slice(-channels), [channels]);
  const alone = ops.centerChannels(last, { bias, part });
  if (bits(alone) !== bits(new Tensor(out.data.slice(-channels), [channels]))) throw new Error('a pixel depends on where it is');
}

const problem = fc.record({
  ...{ pixels: fc.integer({ min: 1, max: 70 }), channels: fc.integer({ min: 1, max: 90 }), hasBias: fc.boolean(), isFar: fc.boolean() },
  part: fc.constantFrom(1, 0, 0.7),
  seed: fc.nat(),
});

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);
    t.doesNotThrow(() => fc.assert(fc.property(problem, check), draws(200)));
    const x = normal([700, 130], 1);
    checkThreads(t, 'threads', () => [ops.centerChannels(x)]);
    const nan = ops.centerChannels(new Tensor(Float32Array.of(1, Number.NaN, 2, 3), [2, 2])).data;
    t.same([...nan], [Number.NaN, Number.NaN, -0.5, 0.5], 'a NaN spoils its own pixel');
  });
