// What a bundler is given: the entry of a platform.
import { cpuInfo, ops, Tensor } from 'addernet/linux-x64';

const y = ops.adderConv2d(Tensor.zeros([1, 3, 3, 2]), Tensor.zeros([4, 3, 3, 2]));
console.log(`bundled: ${y.data.length} outputs on ${cpuInfo().isa}`);
