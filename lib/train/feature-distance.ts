// How far the features of two networks point apart. Their lengths do not count: those of adders and of multiplications differ.
import { elementCount } from '../shape';
import { Tensor } from '../tensor';

/**
 * |f / |f| - t / |t||^2 = 2 - 2 cos(f, t), the mean over the batch, and its gradient to f:
 * 2 / |f| (cos(f, t) f / |f| - t / |t|) / n.
 * @param features f [n,...]
 * @param wanted t, as large
 */
export function featureDistance(features: Tensor, wanted: Tensor): { loss: number; grad: Tensor } {
  const n = features.shape[0]!;
  const length = elementCount(features.shape) / n;
  const grad = Tensor.zeros(features.shape);
  let loss = 0;
  for (let image = 0; image < n; image++) {
    const at = [image * length, (image + 1) * length] as const;
    const [f, t] = [features.data.subarray(...at), wanted.data.subarray(...at)];
    const [lengthF, lengthT] = [norm(f), norm(t)];
    const cosine = f.reduce((sum, v, i) => sum + v * t[i]!, 0) / (lengthF * lengthT);
    loss += (2 - 2 * cosine) / n;
    f.forEach((v, i) => {
      grad.data[at[0] + i] = ((2 / lengthF) * ((cosine * v) / lengthF - t[i]! / lengthT)) / n;
    });
  }
  return { loss, grad };
}

/** Never 0, which has no direction. */
const norm = (values: Float32Array): number => Math.max(Math.sqrt(values.reduce((sum, v) => sum + v * v, 0)), 1e-6);
