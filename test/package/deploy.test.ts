// What deploy/ says, tried without a container: the programs, arguments and probes that its files name start a server that is ready.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { parse, parseAllDocuments } from 'yaml';
import { program, repository } from '../support/repository';

const read = (name: string) => readFileSync(join(repository, 'deploy', name), 'utf8');

/** A server with these arguments of `serve`, but on a free port of this machine; it listens. */
async function started(t: Test, args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [program, 'serve', ...args, '--host', '127.0.0.1', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /Server listening at (http:[^"]+)/.exec(line);
      if (address) resolve(address[1]!);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)));
  });
  return { url, child };
}

interface Container {
  args: string[];
  [probe: `${string}Probe`]: { httpGet: { path: string } };
}

async function probesSucceed(t: Test, { args, ...container }: Container): Promise<void> {
  const { url } = await started(t, args);
  for (const [name, { httpGet }] of Object.entries(container).filter(([name]) => name.endsWith('Probe')) as [
    string,
    { httpGet: { path: string } },
  ][])
    t.equal((await fetch(url + httpGet.path)).status, 200, `${name}: ${httpGet.path}`);
}

/** The arguments after `serve` of a command line that runs addernet. */
const afterServe = (words: readonly string[]): string[] => {
  const place = words.indexOf('serve');
  return /(^|\/)dist\/cli\/main\.js$/.test(words[place - 1] ?? '') ? words.slice(place + 1) : [];
};

t.test('kubernetes.yaml', async (t) => {
  const [deployment, service] = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS());
  const { metadata, spec } = deployment.spec.template;
  t.same(service.spec.selector, metadata.labels, 'the service finds its pods');
  const [container] = spec.containers;
  t.equal(service.spec.ports[0].targetPort, container.ports[0].name);
  t.equal(container.securityContext.readOnlyRootFilesystem, true);
  await probesSucceed(t, container);
  const { url } = await started(t, container.args);
  t.equal((await fetch(url + metadata.annotations['prometheus.io/path'])).status, 200, 'metrics');
  const drain = Number(container.args[container.args.indexOf('--drain') + 1]);
  t.ok(1000 * spec.terminationGracePeriodSeconds > drain + 10_000, 'time for the longest request after draining');
});

t.test('kserve.yaml', async (t) => {
  const { apiVersion, kind, spec } = parse(read('kserve.yaml'));
  t.same([apiVersion, kind], ['serving.kserve.io/v1beta1', 'InferenceService']);
  await probesSucceed(t, spec.predictor.containers[0]);
});

t.test('Dockerfile', async (t) => {
  const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
  const list = (instruction: string): string[] => JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)![1]!);
  const args = afterServe(list('ENTRYPOINT'));
  const { url } = await started(t, [...args, ...list('CMD')]);
  const [, health] = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(dockerfile)!;
  const [node, ...words] = JSON.parse(health!) as string[];
  t.equal(node, 'node');
  const exit = (target: string) =>
    new Promise((resolve) =>
      spawn(
        process.execPath,
        words.map((word) => word.replace('http://127.0.0.1:8080', target)),
      ).once('exit', resolve),
    );
  t.equal(args[args.indexOf('--port') + 1], '8080', 'the port of the health check');
  t.equal(await exit(url), 0);
  t.equal(await exit('http://127.0.0.1:1'), 1, 'a check that can fail');
});

t.test('addernet.service', async (t) => {
  const unit = read('addernet.service');
  const args = afterServe(/^ExecStart=(.*)$/m.exec(unit)![1]!.split(' '));
  const { url, child } = await started(t, args);
  t.equal((await fetch(`${url}/v2/health/ready`)).status, 200);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  t.equal(await ended, 0, 'ends as systemd asks it to');
});
