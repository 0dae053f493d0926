// The tree is the diagram: who may import whom, as tables. A new folder or file at the top of lib/ or native/ needs a row here.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { missingProgram, testNeeding } from '../support/needing';
import { repository } from '../support/repository';

const foundation = ['conv-kind', 'errors', 'options', 'quoted', 'schema', 'shape', 'tensor', 'random'];
/** A part of lib/ (a folder, or a file at its top) and the parts it may import, besides itself. */
const libMayImport: Record<string, string[]> = {
  'conv-kind': ['shape'],
  errors: [],
  options: ['errors'],
  quoted: [],
  schema: ['errors', 'quoted'],
  'optional-package': ['errors'],
  shape: ['errors', 'quoted'],
  tensor: ['errors', 'shape'],
  random: ['errors', 'quoted'],
  timing: [],
  'package-files': [],
  'node-permissions': [],
  warning: ['quoted'],
  threads: ['errors', 'quoted'],
  'cpu-info': [],
  wasm: ['errors', 'package-files'],
  binding: ['errors', 'package-files', 'node-permissions', 'warning', 'wasm'],
  cpu: ['binding', 'cpu-info', 'threads'],
  ops: [...foundation, 'binding'],
  layers: [...foundation, 'ops'],
  io: [...foundation, 'node-permissions'],
  data: [...foundation, 'optional-package', 'ops', 'io'],
  models: [...foundation, 'package-files', 'ops', 'layers', 'io', 'data'],
  graph: [...foundation, 'ops', 'layers'],
  session: [...foundation, 'binding', 'threads', 'ops', 'layers', 'io', 'data', 'models', 'graph'],
  optim: [...foundation, 'ops', 'layers'],
  train: [...foundation, 'cpu', 'ops', 'layers', 'models', 'io', 'data', 'optim'],
  paper: [
    ...foundation,
    'optional-package',
    'timing',
    'binding',
    'cpu',
    'ops',
    'layers',
    'models',
    'io',
    'data',
    'optim',
    'train',
    'graph',
    'session',
    'quantize',
    'files',
  ],
  quantize: [...foundation, 'ops', 'layers', 'data', 'models', 'graph'],
  files: [...foundation, 'warning', 'layers', 'io', 'models', 'graph', 'quantize'],
  index: [...foundation, 'cpu', 'ops', 'layers', 'models', 'io', 'data', 'optim', 'train', 'session', 'quantize', 'files'],
  static: ['binding', 'index'],
  web: [...foundation, 'binding', 'cpu', 'wasm', 'layers', 'io', 'data', 'models', 'quantize', 'files', 'session'],
  serve: [...foundation, 'optional-package', 'package-files', 'binding', 'ops', 'io', 'data', 'models', 'session', 'quantize', 'files'],
  cli: ['*'],
};
/** Files outside lib/ and the parts that read each. */
const readBy: Record<string, string[]> = {
  'binding.d.ts': ['binding', 'wasm'],
  'package.json': ['cli'],
  'scripts/check-toolchain.cjs': ['cli'],
};

/** A folder of native/ and the folders whose headers it may include, besides its own. */
const nativeMayInclude: Record<string, string[]> = {
  simd: [],
  kernels: ['simd'],
  runtime: [],
  cpu: ['kernels', 'runtime'],
  gemm: ['kernels', 'runtime'],
  conv2d: ['gemm', 'kernels', 'runtime'],
  nn: ['conv2d', 'kernels', 'runtime'],
  image: [],
  reference: ['conv2d', 'kernels'],
  plan: ['conv2d', 'nn', 'runtime'],
  binding: ['plan', 'conv2d', 'nn', 'image', 'reference', 'cpu', 'runtime'],
  wasm: ['plan', 'conv2d', 'cpu', 'kernels'],
};

/** System headers that only some files may include. */
const headersOnlyIn = [
  { header: /^(napi|node_api)\.h$/, files: /^native\/binding\//, why: 'only the binding knows Node' },
  {
    header: /^([a-z]?mmintrin|x86intrin|arm_neon|wasm_simd128)\.h$/,
    files: /^native\/simd\//,
    why: 'tiles are written in the primitives of simd/',
  },
];

/** Files that may include these system headers and no others: what they share with other files must not be code. */
const frugalFiles = [
  { files: /^native\/kernels\//, headers: ['cstddef', 'cstdint'] },
  { files: /^native\/simd\//, headers: ['cstddef', 'cstdint', 'immintrin.h', 'smmintrin.h', 'arm_neon.h', 'wasm_simd128.h'] },
];

/** The one header through which the drivers see the kernels. */
const kernelInterface = 'native/kernels/kernel_table.h';

const topLevel = [
  ...['package.json', 'CMakeLists.txt', 'binding.d.ts', 'native', 'lib', 'bench', 'test'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'models', 'docs', 'examples', 'scripts', 'deploy'],
];
const configuration = /^(\..+|package-lock\.json|tsconfig(\.\w+)?\.json|biome\.json|typedoc\.json)$/;
const namesThatSayNothing = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'base'];

const git = missingProgram('git', 'it lists the files of the repository');
const files = git
  ? []
  : execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: repository, encoding: 'utf8' })
      .split('\n')
      .filter((file) => file !== '' && existsSync(join(repository, file)));
const read = (file: string) => readFileSync(join(repository, file), 'utf8');

testNeeding([git], 'lib/', (t) => {
  const sources = files.filter((file) => /^lib\/.*\.ts$/.test(file));
  const part = (file: string) => file.split('/')[1]!.replace(/(\.web)?\.ts$/, '');
  const { dependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const graph = new Map<string, string[]>();
  const wrong: string[] = [];

  for (const file of sources) {
    graph.set(file, []);
    const allowed = libMayImport[part(file)];
    if (!allowed) wrong.push(`${file} belongs to no part that libMayImport lists`);
    for (const { fileName: name } of ts.preProcessFile(read(file), true, true).importedFiles) {
      const path = posix.join(dirname(file), name.replace(/\.js$/, ''));
      const target = [`${path}.ts`, `${path}/index.ts`].find((candidate) => sources.includes(candidate));
      if (!name.startsWith('.')) {
        if (!name.startsWith('node:') && !(name in { ...dependencies, ...peerDependencies }))
          wrong.push(`${file} imports ${name}, which is no dependency of the package`);
      } else if (name.endsWith('.node')) {
        if (part(file) !== 'static') wrong.push(`${file} names a binary, which lib/static alone may`);
      } else if (path in readBy) {
        if (!readBy[path]!.includes(part(file))) wrong.push(`${file} imports ${path}, which lib/${readBy[path]!.join(' and ')} alone may`);
      } else if (!target) wrong.push(`${file} imports ${name}, which is no file of lib/`);
      else {
        graph.get(file)!.push(target);
        if (part(target) !== part(file) && !allowed?.includes(part(target)) && !allowed?.includes('*'))
          wrong.push(`${file} imports ${target}: against the direction`);
      }
    }
  }
  t.ok(sources.length > 0, 'has files');
  t.same(wrong, [], 'imports go down only');
  t.same(findCycle(graph), [], 'no file imports itself, not even through others');
});

testNeeding([git], 'globals', (t) => {
  // Beside those of the language, what every test runner's environment has, jsdom's too. All else comes from a node: module.
  const everywhere = ['process', 'Buffer', 'URL', 'AbortController', 'AbortSignal', 'console', 'setTimeout', 'clearTimeout'];
  const ofTheLanguage: string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)');
  const ofNode = Object.getOwnPropertyNames(globalThis).filter((name) => !ofTheLanguage.includes(name) && !everywhere.includes(name));
  const inALibrary = files.filter((file) => /^lib\/(?!cli|serve|paper)[^.]*\.ts$/.test(file) && file !== 'lib/data/download.ts');
  t.same(
    inALibrary.flatMap((file) =>
      freeNames(file)
        .filter((name) => ofNode.includes(name))
        .map((name) => `${file}: ${name}`),
    ),
    [],
    'the library uses none that test environments lack',
  );
  t.ok(ofNode.includes('TextDecoder') && inALibrary.length > 50);
  t.end();
});

/** Names that a file uses as values and does not declare. */
function freeNames(file: string): string[] {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      if ((ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node) return;
      if ('name' in parent && parent.name === node) declared.add(node.text);
      else used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true));
  return [...used].filter((name) => !declared.has(name));
}

/** Files that import one another in a circle, the first one at both ends; empty if there are none. */
function findCycle(graph: Map<string, string[]>): string[] {
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return [];
    finished.add(file);
    return visitAll(graph.get(file)!, [...path, file]);
  };
  const visitAll = (names: Iterable<string>, path: string[]): string[] => {
    for (const name of names) {
      const cycle = visit(name, path);
      if (cycle.length > 0) return cycle;
    }
    return [];
  };
  return visitAll(graph.keys(), []);
}

testNeeding([git], 'native/', (t) => {
  const sources = files.filter((file) => /^native\/.*\.(cc|h)$/.test(file));
  const folder = (file: string) => file.split('/')[1]!;
  const wrong: string[] = [];

  for (const file of sources) {
    const allowed = nativeMayInclude[folder(file)];
    if (!allowed) wrong.push(`${file} lies in no folder that nativeMayInclude lists`);
    for (const [, bracket, name] of read(file).matchAll(/^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]/gm)) {
      if (bracket === '<') {
        for (const rule of headersOnlyIn)
          if (rule.header.test(name!) && !rule.files.test(file)) wrong.push(`${file} includes <${name}>: ${rule.why}`);
        for (const rule of frugalFiles)
          if (rule.files.test(file) && !rule.headers.includes(name!)) wrong.push(`${file} includes <${name}>, which may hold code`);
        continue;
      }
      const target = posix.join(dirname(file), name!);
      if (!sources.includes(target)) wrong.push(`${file} includes "${name}", which is no file of native/`);
      else if (folder(target) === folder(file)) continue;
      else if (!allowed?.includes(folder(target))) wrong.push(`${file} includes ${target}: against the direction`);
      else if (folder(target) === 'kernels' && target !== kernelInterface) wrong.push(`${file} includes ${target}, not ${kernelInterface}`);
    }
  }
  t.ok(sources.length > 0, 'has files');
  t.same(wrong, [], 'includes go down only');
});

testNeeding([git], 'names', (t) => {
  const entries = [...new Set(files.map((file) => file.split('/')[0]!))];
  t.same(
    entries.filter((entry) => !topLevel.includes(entry) && !configuration.test(entry)),
    [],
    'nothing at the top level but what has its place there',
  );
  const saysNothing = (file: string) =>
    basename(file)
      .split(/[-_.]/)
      .some((word) => namesThatSayNothing.includes(word));
  t.same(files.filter(saysNothing), [], 'every file says what it holds');
});

testNeeding([git], 'docs/architecture.md', (t) => {
  const picture = read('docs/architecture.md').split('```')[1]!.split('\n');
  const lineOf = (folder: string) => picture.findIndex((line) => line.split(/\s+/).includes(folder));
  const folders = [...new Set(files.flatMap((file) => /^(?:lib|native)\/\w+(?=\/)/.exec(file) ?? []))];
  t.same(
    folders.filter((folder) => lineOf(folder) < 0),
    [],
    'its picture shows every folder of lib/ and native/',
  );
  const shown = picture.flatMap((line) => line.match(/\b(?:lib|native)\/\w+/g) ?? []);
  t.same(
    shown.filter((folder) => !folders.includes(folder)),
    [],
    'and none that is not there',
  );
  const upward = Object.entries({ lib: libMayImport, native: nativeMayInclude }).flatMap(([top, table]) =>
    Object.entries(table).flatMap(([from, targets]) =>
      targets
        .map((to): [string, string] => [`${top}/${from}`, `${top}/${to}`])
        .filter((pair) => pair.every((folder) => folders.includes(folder)))
        .filter(([from, to]) => lineOf(from) > lineOf(to))
        .map(([from, to]) => `${from} -> ${to}`),
    ),
  );
  t.same(upward, [], 'and what a folder may import stands below it or beside it');
  t.end();
});
