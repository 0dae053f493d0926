// A web page must not use the server of its visitor: no name that resolves to this machine, no request that another site sends.
import { request } from 'node:http';
import { hostname } from 'node:os';
import { json } from 'node:stream/consumers';
import t from 'tap';
import { running } from '../support/running-server';

/** fetch does not let its caller set Host, Origin and Sec-Fetch-Site. */
function ask(url: string, headers: Record<string, string>, path = '/v2', method = 'GET'): Promise<{ status: number; error?: string }> {
  return new Promise((resolve, reject) => {
    request(url + path, { method, headers }, async (response) => {
      const body = path.startsWith('/v2') ? ((await json(response)) as { error?: string }) : {};
      response.resume();
      resolve({ status: response.statusCode!, ...body });
    })
      .once('error', reject)
      .end();
  });
}

t.test('without a token: the host', async (t) => {
  const { url } = await running(t, { hosts: ['models.example.org'] });
  const own = ['127.0.0.1:8080', 'localhost', 'LOCALHOST:99', 'localhost.', '[::1]:8080', '10.1.2.3', hostname(), 'Models.Example.Org:80'];
  for (const host of own) t.match(await ask(url, { host }), { status: 200 }, host);
  for (const host of [
    'attacker.example',
    'attacker.example:8080',
    'localhost.attacker.example',
    '127.0.0.1.attacker.example',
    'x models.example.org',
    '[::1',
  ])
    for (const path of ['/v2', '/v2/models/none', '/v2/none'])
      t.match(await ask(url, { host }, path), { status: 403 }, `'${host}' ${path}`);
  t.match(await ask(url, { host: 'attacker.example:8080' }), {
    error: /'attacker.example:8080' is not one of this server: .*--allow-host attacker.example, or with a token/,
  });
  t.match(await ask(url, { host: 'any.example' }, '/v2/health/ready'), { status: 200 }, 'probes may use any name');
  t.match(await ask(url, { host: 'any.example' }, '/'), { status: 200 }, 'the page shows what its requests are answered');
});

t.test('without a token: the page that sent the request', async (t) => {
  const { url } = await running(t);
  const { host } = new URL(url);
  for (const headers of [
    {},
    { origin: url },
    { origin: `https://${host}` },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])
    t.match(await ask(url, headers, '/v2/repository/index', 'POST'), { status: 200 }, JSON.stringify(headers));
  const others = [
    'https://attacker.example',
    'null',
    'http://127.0.0.1:1',
    'http://localhost',
    `http://user@${host}`,
    `${url}.attacker.example`,
    '',
  ];
  for (const origin of others)
    t.match(
      await ask(url, { origin }, '/v2/repository/index', 'POST'),
      { status: 403, error: /page of another site, .*ADDERNET_TOKEN/ },
      origin,
    );
  for (const site of ['cross-site', 'same-site'])
    t.match(await ask(url, { 'sec-fetch-site': site }), { status: 403, error: /page of another site/ }, site);
});

t.test('any host, where something before the server checks it; pages of other sites are refused all the same', async (t) => {
  const { url } = await running(t, { hosts: ['*'] });
  t.match(await ask(url, { host: 'any.example' }), { status: 200 });
  t.match(await ask(url, { host: 'any.example', origin: 'http://other.example' }), { status: 403 });
  const throughProxy = { host: 'upstream', origin: 'https://public.example', 'sec-fetch-site': 'same-origin' };
  t.match(await ask(url, throughProxy), { status: 200 }, 'the page itself, through a proxy that changes Host');
});

t.test('with a token, neither matters: pages of other sites do not know it', async (t) => {
  const { url } = await running(t, { token: 'open sesame' });
  const headers = { host: 'any.example', origin: 'https://other.example', 'sec-fetch-site': 'cross-site' };
  t.match(await ask(url, { ...headers, authorization: 'Bearer open sesame' }), { status: 200 });
  t.match(await ask(url, headers), { status: 401 });
});
