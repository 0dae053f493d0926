// Reference tensors made elsewhere, in float64, on every instruction set of this CPU. Under an emulator ADDERNET_EXPECT_ISA says which
// one must be the best.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { cpuInfo, ops, Tensor } from '../dist';
import { native } from '../dist/binding';
import { readNpy } from '../dist/io/npy';
import { definition, firstDifference } from './tolerance';

const folder = join(__dirname, '../test/fixtures/golden');

interface Case {
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
  groups: number;
  x: { file: string };
  w: { file: string };
  y: { file: string };
}
const cases: Case[] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).float;

/** [a, channels, b, c] -> [a, b, c, channels] */
function channelsLast<A extends Float32Array | Float64Array>(file: string): { data: A; shape: number[] } {
  const { data, shape } = readNpy(readFileSync(join(folder, file)), file);
  const [n, c, h, w] = shape as unknown as [number, number, number, number];
  const out = (data as A).slice() as A;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < c; j++) for (let p = 0; p < h * w; p++) out[(i * h * w + p) * c + j] = (data as A)[(i * c + j) * h * w + p]!;
  return { data: out, shape: [n, h, w, c] };
}

const best = cpuInfo().isa;
t.comment(`isa ${best}`);
if (process.env.ADDERNET_EXPECT_ISA) t.equal(best, process.env.ADDERNET_EXPECT_ISA, 'the best instruction set of this CPU');
t.equal(cases.length, 14, 'all cases are there');

for (const isa of cpuInfo().supported)
  t.test(isa, async (t) => {
    native().setIsa(isa);
    t.equal(cpuInfo().isa, isa, 'this instruction set runs');
    for (const { x, w, y, ...options } of cases) {
      const input = channelsLast<Float32Array>(x.file);
      const filters = channelsLast<Float32Array>(w.file);
      const want = channelsLast<Float64Array>(y.file);
      const [tx, tw] = [new Tensor(input.data, input.shape), new Tensor(filters.data, filters.shape)];
      const got = ops.adderConv2d(tx, tw, options);
      t.same(got.shape, want.shape, y.file);
      const { y: defined, tolerance } = definition('adderConv2d', tx, tw, options);
      t.equal(firstDifference(got.data, { y: want.data, tolerance }), undefined, `${y.file} within tolerance`);
      t.equal(
        firstDifference(Float32Array.from(want.data), { y: defined, tolerance: tolerance.map((v) => v / 10) }),
        undefined,
        'the definition agrees',
      );
    }
  });
