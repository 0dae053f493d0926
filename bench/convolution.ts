// Rates of the adder and the ordinary convolution, forward, float32, on layers of the networks, for every instruction set of this CPU.
//   npm run bench            --json prints an array of objects instead of a table
import { cpuInfo, ops, setThreads, Tensor } from '../dist';
import { native } from '../dist/binding';
import { Random } from '../dist/random';
import { measure } from './measure';

/** 3x3, padding 1. */
const layers = {
  '32x32 16-16 (ResNet-20)': { x: [16, 32, 32, 16], co: 16, stride: 1 },
  '32x32 16-32 /2 (ResNet-20)': { x: [16, 32, 32, 16], co: 32, stride: 2 },
  '16x16 32-32 (ResNet-20)': { x: [16, 16, 16, 32], co: 32, stride: 1 },
  '8x8 64-64 (ResNet-20)': { x: [64, 8, 8, 64], co: 64, stride: 1 },
  '56x56 64-64 (ResNet-18)': { x: [1, 56, 56, 64], co: 64, stride: 1 },
  '14x14 256-256 (ResNet-18)': { x: [4, 14, 14, 256], co: 256, stride: 1 },
};

const random = new Random(1);
function filled(shape: number[]): Tensor {
  const tensor = Tensor.zeros(shape);
  random.fillNormal(tensor.data);
  return tensor;
}

setThreads(1);
const json = process.argv.includes('--json');
const { model, supported } = cpuInfo();
const results = supported.flatMap((isa) => {
  native().setIsa(isa);
  return Object.entries(layers).map(([layer, { x: shape, co, stride }]) => {
    const [x, filters] = [filled(shape), filled([co, 3, 3, shape[3]!])];
    const options = { stride, padding: 1 };
    const out = ops.conv2d(x, filters, options);
    const seconds = measure({
      adder: () => ops.adderConv2d(x, filters, { ...options, out }),
      conv: () => ops.conv2d(x, filters, { ...options, out }),
    });
    const elements = (out.size * filters.size) / co;
    const result = { isa, layer, adder: elements / seconds.adder / 1e9, conv: elements / seconds.conv / 1e9 };
    if (!json)
      console.log(
        `${isa.padEnd(7)} ${layer.padEnd(27)} adder ${result.adder.toFixed(1).padStart(6)}   conv ${result.conv.toFixed(1).padStart(6)}   adder/conv ${(result.adder / result.conv).toFixed(2)}`,
      );
    return result;
  });
});
if (json) console.log(JSON.stringify({ cpu: model, threads: 1, unit: '1e9 elements a second', results }));
else console.log(`1e9 elements a second, one thread, ${model}; an element is one |x - w| or one multiply-add`);
