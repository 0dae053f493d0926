// A cloud function that receives an image in base64, { body, isBase64Encoded }. The environment variable WEIGHTS names the network.
// The session is created once, when the function starts, and serves all calls. Needs: npm i sharp

import { compile, load } from 'addernet';

const { WEIGHTS: weights } = process.env;
if (weights === undefined) {
  console.error('set the environment variable WEIGHTS to a weights file or the name of a bundled network');
  process.exit(1);
}
const session = await compile(await load(weights));

export async function handler({ body, isBase64Encoded }) {
  try {
    const image = Buffer.from(body, isBase64Encoded ? 'base64' : 'latin1');
    return { statusCode: 200, body: JSON.stringify(await session.classify(image, { top: 3 })) };
  } catch (error) {
    return { statusCode: 400, body: JSON.stringify({ error: error.message }) };
  }
}
