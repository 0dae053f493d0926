// Classes in another order are matched by their names; other classes are refused.
import t from 'tap';
import { type Dataset, ImageDataset, matchClasses, Tensor } from '../../dist';

const dataset = new ImageDataset({
  name: 'pets',
  images: new Tensor(
    Uint8Array.from({ length: 4 }, (_, i) => i),
    [4, 1, 1, 1],
  ),
  targets: Int32Array.of(0, 1, 2, 0),
  classes: 3,
  classNames: ['ant', 'bee', 'cat'],
});

t.test('the same order, or none', async (t) => {
  t.equal(matchClasses(dataset, ['ant', 'bee', 'cat']), dataset);
  t.equal(matchClasses(dataset, undefined), dataset);
  const { name, targets } = { name: 'unnamed', targets: Int32Array.of(0) };
  const unnamed = new ImageDataset({ name, targets, images: new Tensor(new Uint8Array(1), [1, 1, 1, 1]), classes: 3 });
  t.equal(matchClasses(unnamed, ['x', 'y', 'z']), unnamed);
});

t.test('another order', async (t) => {
  const asynchronous: Dataset = {
    ...dataset,
    images: (start, end) => dataset.images(start, end),
    targets: (start, end) => dataset.targets(start, end),
    gather: async (...args) => dataset.gather(...args),
  };
  for (const source of [dataset, asynchronous]) {
    const matched = matchClasses(source, ['cat', 'ant', 'bee']);
    t.match(matched, { name: 'pets', length: 4, classes: 3, classNames: ['cat', 'ant', 'bee'], imageShape: [1, 1, 1] });
    t.same([...matched.targets(0, 4)], [1, 2, 0, 1]);
    t.same([...matched.images(1, 3).data], [1, 2]);
    const [images, targets] = [new Uint8Array(3), new Int32Array(3)];
    await matched.gather(Int32Array.of(2, 3, 1), images, targets);
    t.same([...images], [2, 3, 1]);
    t.same([...targets], [0, 1, 2]);
  }
  t.same([...dataset.targets(0, 4)], [0, 1, 2, 0], 'the data set is as it was');
});

t.test('other classes', async (t) => {
  t.throws(() => matchClasses(dataset, ['ant', 'bee', 'dog']), {
    code: 'ERR_ARGUMENT',
    message: /the classes of pets are ant, bee, cat, but those of the network ant, bee, dog, without cat/,
  });
  t.throws(() => matchClasses(dataset, ['ant', 'bee']), { code: 'ERR_ARGUMENT' });
  const twice = new ImageDataset({
    name: 'x',
    images: dataset.images(0, 4),
    targets: dataset.targets(0, 4),
    classes: 3,
    classNames: ['a', 'a', 'b'],
  });
  t.throws(() => matchClasses(twice, ['a', 'b', 'a']), { code: 'ERR_ARGUMENT' }, 'a name stands for two classes');
});
