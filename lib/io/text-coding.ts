// UTF-8: globals everywhere but in some test runners' environments.
export { TextDecoder, TextEncoder } from 'node:util';
