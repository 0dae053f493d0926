// The same entry by every spelling of an import that TypeScript knows outside of CommonJS.
import * as everything from 'addernet';
import { type Model, Tensor } from 'addernet';
import { load } from 'addernet/linux-x64';
import { compile, load as loadAnywhere, Tensor as TensorAnywhere } from 'addernet/wasm';

export const logits = async (bytes: Uint8Array): Promise<TensorAnywhere> =>
  (await compile(await loadAnywhere(bytes))).runSync(TensorAnywhere.zeros([1, 28, 28, 1]));
export const model: Promise<Model> = load('lenet5-bn-mnist');
export const same: boolean = everything.Tensor === Tensor;
