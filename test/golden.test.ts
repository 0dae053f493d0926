// Reference tensors made elsewhere, in float64, on every instruction set of this CPU. Under an emulator ADDERNET_EXPECT_ISA says which
// one must be the best.
import t from 'tap';
import { cpuInfo, ops } from '../dist';
import { native } from '../dist/binding';
import { goldenCases } from './golden-cases';
import { definition, firstDifference } from './tolerance';

const cases = goldenCases();
const best = cpuInfo().isa;
t.comment(`isa ${best}`);
if (process.env.ADDERNET_EXPECT_ISA) t.equal(best, process.env.ADDERNET_EXPECT_ISA, 'the best instruction set of this CPU');
t.equal(cases.length, 14, 'all cases are there');

for (const isa of cpuInfo().supported)
  t.test(isa, async (t) => {
    native().setIsa(isa);
    t.equal(cpuInfo().isa, isa, 'this instruction set runs');
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
