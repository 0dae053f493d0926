// What the server tells whom: without the token, nothing of its networks, its files and its machine.

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { float, running } from '../support/running-server';
import { command } from '../support/serve-command';

const token = 'open sesame';
const paths = [
  ...['/', '/demo.js', '/demo.css', '/none', '/metrics', '/v2', '/v2/health/live', '/v2/health/ready', '/v2/models/stats'],
  ...['hidden-network', float, 'none'].flatMap((name) =>
    ['', '/ready', '/config', '/stats', '/infer', '/classify', '/versions/9', '/versions/9/infer'].map((end) => `/v2/models/${name}${end}`),
  ),
  ...['/v2/repository/index', `/v2/repository/models/${float}/load`],
];

t.test('without the token: no names of models, no paths, no errors of files', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'hidden-network.safetensors');
  writeFileSync(file, 'no weights');
  const { url } = await running(t, { token, weights: [float, file] });
  for (const method of ['GET', 'POST', 'PUT'])
    for (const path of paths)
      for (const authorization of [undefined, 'Bearer wrong']) {
        const headers = authorization === undefined ? {} : { authorization };
        const response = await fetch(url + path, { method, headers, body: method === 'GET' ? null : '{}' });
        const text = (await response.text()) + [...response.headers].join();
        for (const secret of [folder, 'hidden-network', float, 'safetensors', __dirname])
          t.notOk(text.includes(secret), `${method} ${path}: ${secret}`);
        // A network that exists must not answer differently from one that does not.
        if (path.startsWith('/v2/models/')) t.equal(response.status, 401, path);
      }
  const authorization = `Bearer ${token}`;
  const index = await (await fetch(`${url}/v2/repository/index`, { method: 'POST', headers: { authorization } })).text();
  t.ok(index.includes(file), 'who has the token learns what is wrong with which file');
  const infer = await fetch(`${url}/v2/models/hidden-network/infer`, { method: 'POST', headers: { authorization } });
  t.match(await infer.text(), /could not be loaded: .*hidden-network\.safetensors/);
});

t.test('a server without a token: names, but no paths', async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'hidden.safetensors');
  writeFileSync(file, 'no weights');
  const { url } = await running(t, { weights: [float, file] });
  for (const method of ['GET', 'POST'])
    for (const path of [...paths, '/v2/models/hidden', '/v2/models/hidden/ready', '/v2/models/hidden/infer'])
      t.notOk((await (await fetch(url + path, { method })).text()).includes(folder), `${method} ${path}`);
});

t.test('a probe of a server that is not ready leaves no stack in the log', async (t) => {
  const { child, url, log } = await command(t, ['--log-level', 'info'], { ADDERNET_TOKEN: undefined }, [float, 'absent.safetensors']);
  t.equal((await fetch(`${url}/v2/health/ready`)).status, 503);
  t.equal((await fetch(`${url}/v2/models/none/ready`)).status, 404);
  child.kill('SIGTERM');
  await once(child, 'exit');
  t.ok(log.some(({ msg }) => /^503: not all models/.test(String(msg))));
  t.notMatch(JSON.stringify(log), /"stack"/);
});
