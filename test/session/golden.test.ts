// Reference tensors made elsewhere, in float64, against sessions of one layer, on every instruction set and in WebAssembly.
import t from 'tap';
import { compile, layers } from '../../dist';
import { goldenCases } from '../support/golden-cases';
import { sessionSets, useSessionSet } from '../support/session-sets';
import { definition, firstDifference } from '../support/tolerance';

const cases = goldenCases();
t.equal(cases.length, 14, 'all cases are there');

for (const isa of sessionSets)
  t.test(isa, async (t) => {
    useSessionSet(t, isa);
    for (const { name, options, read, readDouble } of cases) {
      const [x, filters, want] = [read('x'), read('w'), readDouble('y')];
      const [co, kh, kw, group] = filters.shape as [number, number, number, number];
      const layer = new layers.AdderConv2d(group * (options?.groups ?? 1), co, { ...options, kernel: [kh, kw] });
      layer.filters.value.data.set(filters.data);
      using session = await compile(layer, { input: x.shape.slice(1) });
      const { tolerance } = definition('adderConv2d', x, filters, options);
      t.equal(firstDifference(session.runSync(x).data, { y: want, tolerance }), undefined, `${name} within tolerance`);
    }
  });
