import { compile, load } from 'addernet';

const session = await compile(await load('lenet5-bn-mnist'));
console.log(await session.classify('seven.png', { top: 1 }));
