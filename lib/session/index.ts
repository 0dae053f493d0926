// Compiled inference.
export type { Classification } from './classification';
export { type CompileOptions, compile, type QuantizedNetwork } from './compile';
export { type CompiledClassifier, compiled } from './compiled';
export { type ClassifyOptions, InferenceSession, type RunOptions } from './inference-session';
