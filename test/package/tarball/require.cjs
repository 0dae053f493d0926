// CommonJS: an operation against its definition, and a network of the package in floats and in bytes.
const assert = require('node:assert/strict');
const { compile, cpuInfo, generateDigits, load, loadQuantized, models, ops, Tensor } = require('addernet');

const x = new Tensor(
  Float32Array.from({ length: 18 }, (_, i) => i),
  [1, 3, 3, 2],
);
const filter = new Tensor(new Float32Array(18).fill(2), [1, 3, 3, 2]);
const distance = x.data.reduce((sum, v) => sum + Math.abs(v - 2), 0);
assert.deepEqual([...ops.adderConv2d(x, filter).data], [-distance]);

(async () => {
  const digits = generateDigits(20, 1);
  const found = [];
  for (const model of [await load('lenet5-bn-mnist'), await loadQuantized('lenet5-bn-mnist-8bit')]) {
    const session = await compile(model);
    const answers = [];
    for (let i = 0; i < digits.length; i++) {
      const [best] = await session.classify(digits.images(i, i + 1).data, { width: 28, height: 28 });
      answers.push(best.class);
    }
    session.dispose();
    found.push(answers);
  }
  const right = found.map((answers) => answers.filter((answer, i) => answer === digits.targets(i, i + 1)[0]).length);
  assert(Math.min(...right) >= 10, `digits it was never shown the like of: ${right} of 20`);
  console.log(
    `require: Node ${process.versions.node}, ${process.arch}, ${cpuInfo().isa}, networks ${models.pretrainedModels().length}, ${right} of 20`,
  );
})();
