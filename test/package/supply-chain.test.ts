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
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages).filter(([path]) => path !== '');

/** The path of a package as another one finds it. */
function find(name: string, from: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') throw new Error(`${name}, which ${from} needs, is not in the lockfile`);
  }
}
/** Packages and all that they need, on any platform. */
function closure(names: readonly string[]): readonly [path: string, LockedPackage][] {
  const found = new Set(names.map((name) => find(name, '')));
  // A set is visited with what is added meanwhile.
  for (const path of found)
    for (const name of Object.keys({ ...packages[path]!.dependencies, ...packages[path]!.optionalDependencies }))
      found.add(find(name, path));
  return [...found].map((path) => [path, packages[path]!]);
}
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
  const withScripts = (names: object) =>
    closure(Object.keys(names))
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path);
  t.same(withScripts(manifest.dependencies!), [], 'nor of what it depends on');
  t.same(withScripts(manifest.peerDependencies!), ['node_modules/protobufjs'], 'of what gRPC needs, a script warns of versions');
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

/** Licenses that ask for no more than their text and the names of the authors. */
const permissive = new Set(['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Zlib']);
/** Which other ones an optional package may have, because docs/licenses.md says so. */
const exceptions = [
  { path: /^node_modules\/@resvg\/resvg-js/, license: 'MPL-2.0' },
  { path: /^node_modules\/@img\/sharp-/, license: 'LGPL-3.0-or-later' },
  { path: /^node_modules\/dejavu-fonts-ttf$/, license: 'SEE LICENSE IN README.md AND LICENSE' },
];
/** Whether a license, or each part of an expression of SPDX, is allowed. */
function isAllowed([path, { license = 'none' }]: readonly [string, LockedPackage], isOptional: boolean): boolean {
  const isException = (part: string) =>
    isOptional && exceptions.some((exception) => exception.path.test(path) && exception.license === part);
  const parts = license.replace(/^\((.*)\)$/, '$1').split(' AND ');
  return isException(license) || parts.every((part) => permissive.has(part) || isException(part));
}

t.test('all that is installed with the package has a permissive license', async (t) => {
  const needed = closure(Object.keys(manifest.dependencies!));
  t.ok(needed.length > Object.keys(manifest.dependencies!).length);
  t.same(
    needed.filter((entry) => !isAllowed(entry, false)),
    [],
  );
  const optional = closure(Object.keys(manifest.peerDependencies!));
  t.same(
    optional.filter((entry) => !isAllowed(entry, true)),
    [],
    'and so has what comes with optional packages, or docs/licenses.md says which other one',
  );
  for (const { license } of exceptions)
    t.ok(
      optional.some(([, entry]) => entry.license?.includes(license)),
      `${license} is still an exception`,
    );
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
