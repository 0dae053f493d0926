// Quantized networks: from a float network and some images to one that computes in integers.

export { type QuantizeOptions, quantize } from './quantize';
export { QuantizedModel } from './quantized-model';
