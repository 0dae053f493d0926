// Compiled inference.
export { type CompileOptions, compile } from './compile';
export { InferenceSession } from './inference-session';
export type { QuantizedNetwork } from './steps';
