// The kinds of convolutions: how an input meets a weight.
import type { Shape } from './shape';

/** By distance, -|x - w|; by distance in Winograd's domain; by multiplication; by the signs alone. */
export const convKinds = ['adder', 'adder-winograd', 'conv', 'xnor'] as const;
/** One of `convKinds`. */
export type ConvKind = (typeof convKinds)[number];

/** The kinds of networks: that of their inner convolutions, or `adder-2x2`, centered adders with 2x2 windows in place of 3x3. */
export const networkKinds = ['adder', 'adder-2x2', 'adder-winograd', 'conv', 'xnor'] as const;
/** One of `networkKinds`. */
export type NetworkKind = (typeof networkKinds)[number];

/** Whether its inner layers have adder filters. */
export const isAdderKind = (kind: NetworkKind): boolean => kind.startsWith('adder');

/** Whether the filters of its inner layers have an adaptive learning rate. */
export const hasAdaptiveRate = (kind: NetworkKind): boolean => kind !== 'conv';

/** Why filters are not trained by the gradient 'sign'. */
export const noSignGradient = (kind: NetworkKind): string =>
  isAdderKind(kind) ? `but the filters of kind '${kind}' are trained by 'full' alone` : `but kind '${kind}' has no adder filters`;

/** The windows of filters, [co,kh,kw,ci/groups]: filters of Winograd's domain, [4,4,co,ci], are for windows of 3x3. */
export const windowShape = (kind: ConvKind, filters: Shape): Shape =>
  kind === 'adder-winograd' && filters.length === 4 ? [filters[2]!, 3, 3, filters[3]!] : filters;

/** Plain data with the key `kind`, which files once called `unit`; in the same order. */
export const unitToKind = (record: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key === 'unit' ? 'kind' : key, value]));
