// Quantised networks: from a float network and some images to one that computes in bytes.

export { loadNetwork } from './load-network';
export { type QuantizeOptions, quantize } from './quantize';
export { loadQuantized, saveQuantized } from './quantized-file';
export { QuantizedModel } from './quantized-model';
