// Networks and their files: one `load` and one `save` for float and quantized networks.
export { load, loadQuantized } from './load';
export type { LoadOptions } from './load-options';
export { type SaveOptions, save, saveQuantized } from './save';
