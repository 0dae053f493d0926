// node classify-image.mjs WEIGHTS IMAGE        WEIGHTS: a file, or the name of a bundled network; needs: npm i sharp

import { compile, load } from 'addernet';

const [weights, image] = process.argv.slice(2);
if (image === undefined) {
  console.error('usage: node classify-image.mjs WEIGHTS IMAGE');
  process.exit(2);
}
try {
  const session = await compile(await load(weights));
  for (const { name, probability } of await session.classify(image))
    console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${name}`);
  session.dispose();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
