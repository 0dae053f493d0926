// How a server is set up: options out of their range, optional packages that are missing or broken.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { createServer } from '../../dist/serve/server';
import { installedCopy } from '../support/installed';
import { options } from '../support/running-server';

t.test('options', async (t) => {
  const wrong: [object, RegExp][] = [
    [{ maxbody: 5 }, /no option 'maxbody', did you mean maxBody/],
    [{ port: 8080 }, /no option 'port', expected weights/],
    [{ weights: [] }, /weights is \[\], expected an array/],
    [{ weights: 'resnet20-cifar10' }, /weights is "resnet20-cifar10", expected an array/],
    [{ weights: [7] }, /weights/],
    [{ version: undefined }, /version/],
    [{ maxBatch: 0 }, /maxBatch is 0, expected an integer of at least 1/],
    [{ maxBatch: '32' }, /maxBatch is "32"/],
    [{ maxQueue: 1.5 }, /maxQueue/],
    [{ maxBody: Number.NaN }, /maxBody/],
    [{ maxPixels: Number.POSITIVE_INFINITY }, /maxPixels/],
    [{ maxDecoding: 0.5 }, /maxDecoding is 0.5, expected an integer of at least 1/],
    [{ maxInFlight: 0 }, /maxInFlight is 0, expected an integer of at least 1/],
    [{ maxInFlight: options.maxBody - 1 }, /maxInFlight is \d+, expected at least maxBody, 1048576/],
    [{ grace: -1 }, /grace is -1, expected milliseconds from 0/],
    [{ grace: undefined }, /grace/],
    [{ hosts: 'example.org' }, /hosts is "example.org", expected an array of names/],
    [{ hosts: [''] }, /hosts/],
    [{ maxConnections: -1 }, /maxConnections/],
    [{ maxDelay: -1 }, /maxDelay is -1, expected milliseconds from 0/],
    [{ maxDelay: 3e9 }, /maxDelay is 3000000000/],
    [{ timeout: 0 }, /timeout is 0/],
    // A timer of more fires at once: every request would be answered with 503.
    [{ timeout: 2 ** 31 }, /timeout is 2147483648, expected milliseconds from 1 to 2147483647/],
    [{ token: '' }, /token/],
    [{ token: 'secret\n' }, /^createServer: token is empty or not printable ASCII(?!.*secret)/],
    [{ token: 'sécret' }, /token is empty or not printable ASCII/],
    [{ logLevel: 'loud' }, /logLevel is "loud", expected silent, fatal/],
  ];
  for (const [changed, message] of wrong)
    await t.rejects(createServer({ ...options, ...changed }), { code: 'ERR_ARGUMENT', message }, JSON.stringify(changed));
  const server = await createServer({ ...options, token: 'of several words', threads: undefined, maxDelay: 0.5 });
  await server.close();
});

/** What `addernet serve` says in an installation that has these packages: whole, as they are here; or broken. */
function installation(t: Test): (packages: { whole?: string[]; broken?: string[] }, args?: string[]) => string {
  const copy = installedCopy(t, { binary: true });
  const modules = join(copy, '..');
  const main = join(copy, 'dist/cli/main.js');
  return ({ whole = [], broken = [] }, args = []) => {
    for (const name of ['fastify', 'prom-client', '@grpc']) rmSync(join(modules, name), { recursive: true, force: true });
    for (const name of whole) {
      mkdirSync(dirname(join(modules, name)), { recursive: true });
      symlinkSync(join(__dirname, '../../node_modules', name), join(modules, name), 'junction');
    }
    for (const name of broken) {
      mkdirSync(join(modules, name), { recursive: true });
      writeFileSync(join(modules, name, 'index.js'), "require('what-it-needs');");
    }
    const { status, stderr } = spawnSync(process.execPath, [main, 'serve', '--weights', 'none', '--port', '0', ...args], {
      encoding: 'utf8',
    });
    t.equal(status, 1);
    return stderr;
  };
}

t.test('packages: which is missing, or broken, and what to install', async (t) => {
  const serving = installation(t);
  t.match(serving({}), /serve needs the package fastify: npm i fastify prom-client/);
  t.match(serving({ whole: ['fastify'] }), /serve needs the package prom-client: npm i fastify prom-client/);
  t.match(serving({ broken: ['fastify'] }), /serve needs the package fastify, which is installed but does not load: .*'what-it-needs'/);
  t.match(serving({ whole: ['fastify'], broken: ['prom-client'] }), /package prom-client, which is installed but does not load/);
});

t.test('packages of gRPC', async (t) => {
  const serving = installation(t);
  const whole = ['fastify', 'prom-client'];
  const args = ['--grpc-port', '0', '--weights', join(__dirname, '../../models/lenet5-bn-mnist.safetensors')];
  t.match(serving({ whole }, args), /gRPC needs the package @grpc\/proto-loader: npm i @grpc\/proto-loader/);
  t.match(serving({ whole, broken: ['@grpc/proto-loader'] }, args), /package @grpc\/proto-loader, which is installed but does not load/);
});
