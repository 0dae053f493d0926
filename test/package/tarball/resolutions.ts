// The same entry by every spelling of an import that TypeScript knows outside of CommonJS.
import * as everything from 'addernet';
import { type Model, Tensor } from 'addernet';
import { load } from 'addernet/linux-x64';

export const model: Promise<Model> = load('lenet5-bn-mnist');
export const same: boolean = everything.Tensor === Tensor;
