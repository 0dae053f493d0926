// Compiled inference.
export type { Classification } from './classification';
export { type CompileOptions, compile } from './compile';
export { type CompiledClassifier, compiled } from './compiled';
export { type ClassifyOptions, InferenceSession, type RunOptions } from './inference-session';
export type { QuantizedNetwork } from './steps';
