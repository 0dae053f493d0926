// Quantized networks: from a float network and some images to one that computes in bytes.

export { type QuantizeOptions, quantize } from './quantize';
export { QuantizedModel } from './quantized-model';
