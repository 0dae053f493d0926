// node classify-image.mjs WEIGHTS PICTURE        WEIGHTS may be the name of a network of the package; needs: npm i sharp

import { compile, load } from 'addernet';

const [weights, picture] = process.argv.slice(2);
const session = await compile(await load(weights));
for (const { name, probability } of await session.classify(picture))
  console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${name}`);
session.dispose();
