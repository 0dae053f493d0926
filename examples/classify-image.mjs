// node classify-image.mjs WEIGHTS PICTURE        needs: npm i sharp

import { compile, load } from 'addernet';
import sharp from 'sharp';

const [weights, picture] = process.argv.slice(2);
const session = await compile(await load(weights));
const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
for (const { name, probability } of await session.classify(data, info))
  console.log(`${(100 * probability).toFixed(1).padStart(5)} %  ${name}`);
session.dispose();
