// The networks that the server of the soak serves: of floats and of 8 bits, gray and in color, both small.

export interface Network {
  readonly name: string;
  readonly bits: 8 | 32;
  /** [h,w,c] */
  readonly shape: readonly [number, number, number];
}

export const float: Network = { name: 'lenet5-bn-mnist', bits: 32, shape: [28, 28, 1] };
export const bytes: Network = { name: 'resnet20-cifar10-8bit', bits: 8, shape: [32, 32, 3] };
export const networks = [float, bytes] as const;

/** The number of elements of an image. */
export const imageLength = ({ shape: [h, w, c] }: Network): number => h * w * c;
export const inferPath = ({ name }: Network): string => `/v2/models/${name}/infer`;
export const classifyPath = ({ name }: Network): string => `/v2/models/${name}/classify`;
/** For bytes of pixels. */
export const pixelsPath = (network: Network): string => `${classifyPath(network)}?width=${network.shape[1]}&height=${network.shape[0]}`;
