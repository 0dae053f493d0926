// Reference tensors made elsewhere, in float64, on every instruction set of this CPU.
import t from 'tap';
import { ops } from '../../../dist';
import { useIsa } from '../../support/cpu-settings';
import { goldenCases } from '../../support/golden-cases';
import { instructionSets } from '../../support/instruction-sets';
import { definition, firstDifference } from '../../support/tolerance';

const cases = goldenCases();
t.equal(cases.length, 14, 'all cases are there');

for (const isa of instructionSets)
  t.test(isa, async (t) => {
    useIsa(t, isa);
    for (const { name, options, read, readDouble } of cases) {
      const [x, filters, want] = [read('x'), read('w'), readDouble('y')];
      const got = ops.adderConv2d(x, filters, options);
      t.equal(got.size, want.length, `${name} has as many outputs`);
      const { y, tolerance } = definition('adderConv2d', x, filters, options);
      t.equal(firstDifference(got.data, { y: want, tolerance }), undefined, `${name} within tolerance`);
      t.equal(
        firstDifference(Float32Array.from(want), { y, tolerance: tolerance.map((v) => v / 10) }),
        undefined,
        `${name}: the definition agrees`,
      );
    }
  });
