// The filters of the first layers as images (figure 3 of the paper).
import { load } from '../../files';
import { createModel, type Model } from '../../models';
import { drawFilters, type Filters } from '../charts/filter-images';
import { figure } from '../figure';
import { trainOnMnist } from '../mnist-training';

interface FirstLayer extends Filters {
  /** The name of its image. */
  name: string;
  caption: string;
}

export const filters = figure<FirstLayer[]>({
  name: 'filters',
  title: 'Filters of the first layer',
  about:
    'Each filter as an image, from its smallest weight in black to its largest in white, or by color channel. All layers of LeNet-5-BN have the same kind; ' +
    'the first layer of ResNet-20 is a convolution in both networks, trained together with inner layers of one kind or the other.',
  needs: ['mnist'],
  async measure(context) {
    return [
      firstLayer('lenet5bn-adder', 'Adder LeNet-5-BN, pretrained', await load('lenet5-bn-mnist')),
      await context.cached('lenet5bn-conv-filters', async () => {
        const model = createModel('lenet5bn', { kind: 'conv', seed: 1 });
        await trainOnMnist(context, model);
        return firstLayer('lenet5bn-conv', 'CNN LeNet-5-BN, trained for this figure', model);
      }),
      firstLayer('resnet20-adder', 'Adder ResNet-20, pretrained', await load('resnet20-cifar10')),
      firstLayer('resnet20-conv', 'CNN ResNet-20, pretrained', await load('resnet20-cifar10-conv')),
    ];
  },
  async present(layers) {
    const images = [];
    for (const { name, caption, ...filters } of layers) images.push({ name, caption: `${caption}.`, chart: await drawFilters(filters) });
    return { tables: [], images };
  },
});

function firstLayer(name: string, caption: string, model: Model): FirstLayer {
  const [, { shape, data }] = [...model.stateDict()][0]!;
  return { name, caption, shape: shape as unknown as Filters['shape'], values: [...data] };
}
