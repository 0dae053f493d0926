// The kinds of convolutions: how an input meets a weight.

/** By distance, -|x - w|; by multiplication; by the signs alone. */
export const convKinds = ['adder', 'conv', 'xnor'] as const;
/** One of `convKinds`. */
export type ConvKind = (typeof convKinds)[number];

/** Plain data with the key `kind`, which files once called `unit`; in the same order. */
export const unitToKind = (record: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key === 'unit' ? 'kind' : key, value]));
