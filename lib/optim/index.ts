export type { Schedule } from './schedule';
export * as schedule from './schedule';
export { Sgd, type SgdOptions } from './sgd';
