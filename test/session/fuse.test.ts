// Which steps become one, and which must not.
import t from 'tap';
import { layers, models } from '../../dist';
import { fuse } from '../../dist/session/fuse';
import { StepRecorder } from '../../dist/session/step-recorder';

const { AdderConv2d, BatchNorm, Conv2d, GlobalAveragePool2d, Relu, Residual, Sequential } = layers;

/** The steps in short: C convolution, N normalize, P pool, R relu, A add; b bias, s scale, + residual, r rectified. */
function fused(network: layers.Layer, input: readonly number[]): string {
  const recorder = new StepRecorder([1, ...input]);
  const output = recorder.numberOf(network.lower(recorder, recorder.input));
  return fuse(recorder.steps, output)
    .map((step) => {
      const ends = step as { bias?: unknown; scale?: unknown; residual?: unknown; relu?: unknown };
      const kind = step.op[0]!.toUpperCase();
      if (step.op === 'add') return kind;
      const scaled = step.op === 'convolution' && ends.scale ? 's' : '';
      return kind + (ends.bias ? 'b' : '') + scaled + (ends.residual === undefined ? '' : '+') + (ends.relu ? 'r' : '');
    })
    .join(' ');
}

const conv = () => new AdderConv2d(4, 4, { kernel: 1 });
const norm = () => new BatchNorm(4);
const input = [3, 3, 4];

t.test('what follows a convolution becomes part of it', async (t) => {
  t.equal(fused(new Sequential([conv(), norm()]), input), 'Cbs');
  t.equal(fused(new Sequential([conv(), norm(), new Relu()]), input), 'Cbsr');
  t.equal(fused(new Sequential([conv(), new Relu()]), input), 'Cr');
  t.equal(fused(new Residual(new Sequential([conv(), norm()])), input), 'Cbs+r');
  t.equal(fused(new Residual(new Sequential([conv(), norm()]), new Sequential([conv(), norm()])), input), 'Cbs Cbs+r', 'shortcut first');
  t.equal(fused(new Residual(new Sequential([new Relu()]), conv(), { relu: false }), input), 'R C+', 'into the shortcut');
  t.equal(fused(new Sequential([new Conv2d(4, 4, { kernel: 1, bias: true })]), input), 'Cb');
});

t.test('and of a batch norm', async (t) => {
  t.equal(fused(new Sequential([new Relu(), norm(), new Relu()]), input), 'R Nr');
  t.equal(fused(new Residual(new Sequential([new GlobalAveragePool2d(), norm()])), [1, 1, 4]), 'P N+r');
});

t.test('but not out of order', async (t) => {
  t.equal(fused(new Sequential([conv(), new Relu(), norm()]), input), 'Cr N');
  t.equal(fused(new Sequential([conv(), norm(), norm()]), input), 'Cbs N');
  t.equal(fused(new Sequential([new Residual(new Sequential([conv()]), undefined, { relu: false }), norm()]), input), 'C+ N');
});

t.test('nor where somebody else reads the value between', async (t) => {
  const preactivated = new Sequential([conv(), new Residual(new Sequential([norm(), new Relu(), conv()]))]);
  t.equal(fused(preactivated, input), 'C Nr C+r');
  t.equal(fused(new Sequential([conv(), new Residual(new Sequential([]))]), input), 'C A R', 'both addends are one value');
});

t.test('a network is its convolutions and pools', async (t) => {
  for (const [name, convolutions] of Object.entries({ resnet20: 22, resnet50: 54 })) {
    const model = models.createModel(name, { seed: null });
    const steps = fused(model, model.inputShape).split(' ');
    t.equal(steps.filter((step) => step.startsWith('C')).length, convolutions, name);
    t.notOk(
      steps.some((step) => /^[NRA]/.test(step)),
      `${name}: nothing else is left`,
    );
  }
});
