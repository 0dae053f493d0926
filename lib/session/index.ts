// Compiled inference.
export type { RunOptions } from './abort';
export type { Classification } from './classification';
export { type CompileOptions, compile, type QuantizedNetwork } from './compile';
export { type CompiledClassifier, compiled } from './compiled';
export { type ClassifyOptions, InferenceSession } from './inference-session';
export type { NodeProfile, Profile, ProfileOptions } from './profile';
