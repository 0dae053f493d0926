// From an image to its class, and from synthetic digits to a trained network, where the test runner has its own globals.
const { mkdtempSync, readFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

exports.flow = async (addernet, expect) => {
  const { compile, evaluate, generateDigits, load, models, ops, save, Sgd, Tensor } = addernet;
  const session = await compile(await load('lenet5-bn-mnist'));
  const [best] = await session.classify('seven.png', { top: 1 });
  expect(best.name).toBe('7');
  const [same] = await session.classify(readFileSync('seven.png'), { top: 1 });
  expect(same).toEqual(best);

  const x = new Tensor(new Float32Array(18).fill(1), [1, 3, 3, 2]);
  const y = ops.adderConv2d(x, new Tensor(new Float32Array(18).fill(3), [1, 3, 3, 2]));
  expect([...y.data]).toEqual([-36]);

  const data = generateDigits(200, 1);
  const model = models.lenet5bn({ seed: 1 });
  await addernet.fit(model, data, {
    epochs: 1,
    batch: 50,
    optimizer: new Sgd(model.parameters(), { lr: 0.1 }),
    signal: new AbortController().signal,
  });
  const file = join(mkdtempSync(join(tmpdir(), 'addernet-')), 'digits.safetensors');
  await save(model, file);
  expect((await evaluate(await load(file), data)).images).toBe(200);
};
