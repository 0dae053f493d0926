// Networks as graphs of nodes.
export { checkGraphFinite, nameOfNode, namesOfNodes } from './finite';
export { fuse } from './fuse';
export * from './graph';
export { type InterpretOptions, interpret } from './interpret';
export { checkLimits } from './limits';
export { dtypeOfNodes, maxBits, minBits, type QuantizedRange, quantizedRange } from './quantized-range';
export { trace } from './trace';
