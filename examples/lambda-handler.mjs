// A function of a cloud that is called with a picture in base64: { body, isBase64Encoded }. WEIGHTS names the network.
// The session is made once, when the function starts, and serves all its calls. Needs: npm i sharp

import { compile, load } from 'addernet';

const session = await compile(await load(process.env.WEIGHTS));

export async function handler({ body, isBase64Encoded }) {
  try {
    const picture = Buffer.from(body, isBase64Encoded ? 'base64' : 'latin1');
    return { statusCode: 200, body: JSON.stringify(await session.classify(picture, { top: 3 })) };
  } catch (error) {
    return { statusCode: 400, body: JSON.stringify({ error: error.message }) };
  }
}
