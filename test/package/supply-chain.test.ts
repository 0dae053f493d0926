// What comes with the package, and how it gets to the registry: every package is pinned by its hash, nothing runs at installation, the licenses are
// listed, and a release is published by a workflow that can prove it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { repository } from '../support/repository';

const read = (...path: string[]): string => readFileSync(join(repository, ...path), 'utf8');

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
  readonly license?: string;
}
const locked = Object.entries((JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }).packages).filter(
  ([path]) => path !== '',
);
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;
const installed = (name: string): Manifest => JSON.parse(read('node_modules', name, 'package.json')) as Manifest;
const atInstallation = ['preinstall', 'install', 'postinstall'];

t.test('the lockfile pins every package by a hash', async (t) => {
  t.ok(locked.length > 100);
  t.same(
    locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([path]) => path),
    [],
  );
});

t.test('nothing runs at installation', async (t) => {
  t.same(
    atInstallation.filter((script) => manifest.scripts?.[script] !== undefined),
    [],
    'not of the package',
  );
  t.same(
    locked.filter(([, { dev, hasInstallScript }]) => !dev && hasInstallScript).map(([path]) => path),
    [],
    'nor of what it depends on',
  );
});

t.test('docs/licenses.md lists each dependency with its license', async (t) => {
  const rows = [...read('docs/licenses.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(([, name, license, use]) => ({
    name,
    license: license!.trim(),
    isOptional: use!.includes('optional'),
  }));
  const expected = (names: object | undefined, isOptional: boolean) =>
    Object.keys(names ?? {}).map((name) => ({ name, license: installed(name).license, isOptional }));
  t.same(rows, [...expected(manifest.dependencies, false), ...expected(manifest.peerDependencies, true)]);
});

interface Workflow {
  readonly permissions?: Record<string, string>;
  readonly jobs: Record<string, { permissions?: Record<string, string>; steps?: { uses?: string; run?: string }[]; needs?: string[] }>;
}
const workflows = readdirSync(join(repository, '.github/workflows')).map((file) => ({
  file,
  workflow: parse(read('.github/workflows', file)) as Workflow,
}));

t.test('workflows run pinned actions and may only read', async (t) => {
  for (const { file, workflow } of workflows) {
    t.same(workflow.permissions, { contents: 'read' }, file);
    for (const { steps = [] } of Object.values(workflow.jobs))
      for (const { uses } of steps) if (uses !== undefined) t.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, `${file}: ${uses}`);
  }
});

t.test('only the release publishes, with provenance and without a token, after everything has passed', async (t) => {
  const publishing = workflows.filter(({ file }) => read('.github/workflows', file).includes('npm publish'));
  t.same(
    publishing.map(({ file }) => file),
    ['release.yml'],
  );
  const { publish } = publishing[0]!.workflow.jobs;
  t.same(publish!.needs, ['ci', 'prebuilds']);
  t.same(publish!.permissions, { contents: 'read', 'id-token': 'write' });
  t.ok(publish!.steps!.some(({ run }) => run?.startsWith('npm publish --provenance')));
  t.notMatch(read('.github/workflows/release.yml'), /secrets\.|NODE_AUTH_TOKEN/);
});
