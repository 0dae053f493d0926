import { join } from 'node:path';

const shared = { mode: 'production', target: 'node20', entry: './main.js' };
const path = join(import.meta.dirname, 'out');
export default [
  { ...shared, output: { path, filename: 'webpack.cjs' } },
  { ...shared, output: { path, filename: 'webpack.mjs', module: true, library: { type: 'module' } }, experiments: { outputModule: true } },
];
