// The distance between the directions of the features of two networks. Their lengths do not matter: those of adder networks and CNNs differ.
import { elementCount } from '../shape';
import { Tensor } from '../tensor';

/**
 * |f / |f| - t / |t||^2 = 2 - 2 cos(f, t), the mean over the batch, and its gradient with respect to f:
 * 2 / |f| (cos(f, t) f / |f| - t / |t|) / n.
 * @param features f [n,...]
 * @param target   t, of the same shape
 */
export function featureDistance(features: Tensor, target: Tensor): { loss: number; grad: Tensor } {
  const n = features.shape[0]!;
  const length = elementCount(features.shape) / n;
  const grad = Tensor.zeros(features.shape);
  let loss = 0;
  for (let image = 0; image < n; image++) {
    const at = [image * length, (image + 1) * length] as const;
    const [f, t] = [features.data.subarray(...at), target.data.subarray(...at)];
    const [lengthF, lengthT] = [norm(f), norm(t)];
    const cosine = f.reduce((sum, v, i) => sum + v * t[i]!, 0) / (lengthF * lengthT);
    loss += (2 - 2 * cosine) / n;
    f.forEach((v, i) => {
      grad.data[at[0] + i] = ((2 / lengthF) * ((cosine * v) / lengthF - t[i]! / lengthT)) / n;
    });
  }
  return { loss, grad };
}

/** The length, never 0, because a vector of length 0 has no direction. */
const norm = (values: Float32Array): number => Math.max(Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)), 1e-6);
