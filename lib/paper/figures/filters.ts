// What the first layers look for: their filters as images (figure 3 of the paper).
import { load } from '../../files';
import { createModel, type Model } from '../../models';
import { drawFilters, type Filters } from '../charts/filter-images';
import { figure } from '../figure';
import { trainOnMnist } from '../mnist-training';

interface FirstLayer extends Filters {
  /** Of the pictures. */
  name: string;
  caption: string;
}

export const filters = figure<FirstLayer[]>({
  name: 'filters',
  title: 'Filters of the first layer',
  about:
    'Each filter as an image, from its smallest weight in black to its largest in white, or by colour channel. All of LeNet-5-BN is of one kind; ' +
    'the first layer of ResNet-20 is ordinary in both networks, and learns before inner layers of one kind or the other.',
  needs: ['mnist'],
  async measure(workshop) {
    return [
      firstLayer('lenet5bn-adder', 'LeNet-5-BN of adders, as it comes with the package', await load('lenet5-bn-mnist')),
      await workshop.part('lenet5bn-conv-filters', async () => {
        const model = createModel('lenet5bn', { kind: 'conv', seed: 1 });
        await trainOnMnist(workshop, model);
        return firstLayer('lenet5bn-conv', 'LeNet-5-BN of multiplications, trained for this figure', model);
      }),
      firstLayer('resnet20-adder', 'ResNet-20 of adders, as it comes with the package', await load('resnet20-cifar10')),
      firstLayer('resnet20-conv', 'ResNet-20 of multiplications, as it comes with the package', await load('resnet20-cifar10-conv')),
    ];
  },
  async present(layers) {
    const pictures = [];
    for (const { name, caption, ...filters } of layers) pictures.push({ name, caption: `${caption}.`, chart: await drawFilters(filters) });
    return { tables: [], pictures };
  },
});

function firstLayer(name: string, caption: string, model: Model): FirstLayer {
  const [, { shape, data }] = [...model.stateDict()][0]!;
  return { name, caption, shape: shape as unknown as Filters['shape'], values: [...data] };
}
