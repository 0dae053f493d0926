// As CommonJS.
import addernet = require('addernet');

export const x: addernet.Tensor = addernet.Tensor.zeros([1]);
