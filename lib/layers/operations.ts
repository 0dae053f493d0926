// The operations of a layer, counted as in the tables of AdderNet (CVPR 2020): each pair of an input and a weight costs 2 additions in an adder
// layer (subtract, accumulate), and 1 multiplication and 1 addition in an ordinary convolution. In a Winograd layer the pairs are those of its
// tiles, and their transforms cost additions, too. Biases, batch norm, activations, pooling and the additions of residual blocks are not counted.

/** The number of operations of each type. */
export interface Operations {
  readonly multiplications: number;
  readonly additions: number;
  readonly xnors: number;
}

export const noOperations: Operations = { multiplications: 0, additions: 0, xnors: 0 };

export const scaleOperations = (a: Operations, factor: number): Operations => ({
  multiplications: a.multiplications * factor,
  additions: a.additions * factor,
  xnors: a.xnors * factor,
});

export const addOperations = (a: Operations, b: Operations): Operations => ({
  multiplications: a.multiplications + b.multiplications,
  additions: a.additions + b.additions,
  xnors: a.xnors + b.xnors,
});
