// Networks with the statistics and biases of a trained one, as far as tests care: nothing is 0 or 1 by chance, some scales are negative.
import type { layers, Tensor } from '../../dist';
import { Random } from '../../dist/random';

/** Fills statistics and biases; filters stay as they are. Returns the layer. */
export function randomize<L extends layers.Layer>(layer: L, seed: number): L {
  const random = new Random(seed);
  const around1 = () => 0.5 + random.uniform();
  for (const [name, { data, shape }] of layer.stateDict())
    if (name.endsWith('running_var')) data.set(data.map(around1));
    else if (shape.length === 1 && name.endsWith('weight')) data.set(data.map((_, i) => (i % 5 === 0 ? -around1() : around1())));
    else if (shape.length === 1) random.fillNormal(data);
  return layer;
}

/** Sets the statistics of a network's batch norms to those of x: deep networks overflow with any others. Returns the network. */
export function calibrate<L extends layers.Layer>(network: L, x: Tensor): L {
  const statistics = [...network.stateDict()].filter(([name]) => /running_(mean|var)$/.test(name)).map(([, { data }]) => data);
  for (const data of statistics) data.fill(0);
  network.forward(x, { training: true });
  const momentum = 0.1; // how far that went, from 0
  for (const data of statistics) data.set(data.map((v) => v / momentum));
  return network;
}
