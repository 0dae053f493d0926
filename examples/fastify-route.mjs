// WEIGHTS=resnet20-cifar10-8bit node fastify-route.mjs        needs: npm i fastify sharp
// curl --data-binary @cat.png -H 'content-type: image/png' http://127.0.0.1:3000/classify

import { compile, load } from 'addernet';
import Fastify from 'fastify';

const { WEIGHTS: weights, PORT: port = '3000' } = process.env;
if (weights === undefined) {
  console.error('usage: WEIGHTS=FILE-OR-NAME [PORT=3000] node fastify-route.mjs');
  process.exit(2);
}
const session = await compile(await load(weights));
const app = Fastify({ bodyLimit: 10 << 20 });
app.addContentTypeParser(/^image\//, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

app.post('/classify', async (request, reply) => {
  try {
    return await session.classify(request.body, { top: 3 });
  } catch (error) {
    return reply.code(400).send({ error: error.message });
  }
});
app.addHook('onClose', async () => session.dispose());
await app.listen({ port: Number(port) });
console.log(`listening on ${app.server.address().port}`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close());
