// What the compiler made of the native code. A kernel file leaves nothing behind but its table: an inline function shared with other
// files and compiled with AVX-512 flags can win at link time and crash older CPUs. The addon exports its entry points alone and loads on
// older systems than the one it was built on. And the loops of tiles and of peaks are what their source promises: every sum in a register, no step left out.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../../support/needing';
import { repository } from '../../support/repository';

const addon = join(repository, 'build/Release/addernet.node');
const kernels = (build: string) => join(repository, build, 'native/CMakeFiles/addernet_kernels.dir/kernels');
const builds = { build: 'npm run build:native', 'build-debug': 'npm run build:kernels-debug' };
const instructionSets = ['scalar', 'sse41', 'avx2', 'avx2_vnni', 'avx512', 'avx512_vnni', 'avx512_vpopcntdq'];

/** The newest symbol versions the addon may need: Node 20 itself needs this glibc; RHEL 8 has this libstdc++. */
const floors = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25] };
const entryPoints = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const run = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
const needs = [
  (process.platform !== 'linux' || process.arch !== 'x64') && 'reads the ELF objects of a Linux x64 build',
  ...['nm', 'readelf', 'objdump'].map((program) => missingProgram(program, 'apt-get install binutils')),
];
const needsBuild = (build: string, script: string) => !existsSync(kernels(build)) && `${build}/ is not there: ${script}`;

for (const [build, script] of Object.entries(builds))
  testNeeding([...needs, needsBuild(build, script)], `kernel objects of ${build}/`, (t) => {
    const objects = instructionSets.map((isa) => `kernels_${isa}.cc.o`);
    t.same(readdirSync(kernels(build)).sort(), [...objects].sort(), 'one for each instruction set');
    for (const object of objects) {
      const path = join(kernels(build), object);
      const symbols = [...run('nm', '-C', '--defined-only', path).matchAll(/^[0-9a-f]* (.) (.*)$/gm)];
      // nm prints local symbols in lower case, save those that the linker may merge: v, w weak, u unique.
      const global = symbols.filter(([, type]) => /[A-Zuvw]/.test(type!)).map(([, type, name]) => `${type} ${name}`);
      t.equal(global.length, 1, `${object}: one global symbol, not: ${global.join(', ')}`);
      t.match(global[0], /^[DR] kKernels\w+$/, `${object}: it is the table, and data`);
      t.notMatch(run('readelf', '-SW', path), /\.(init_array|ctors)/, `${object}: nothing runs at load`);
    }
  });

testNeeding([...needs, needsBuild('build', builds.build)], 'the addon', (t) => {
  const exported = [...run('nm', '-D', '--defined-only', addon).matchAll(/ [A-Za-z] (\S+)$/gm)].map(([, name]) => name);
  t.same(exported.sort(), entryPoints, 'exports its entry points alone');
  const imports = run('objdump', '-T', addon);
  for (const [library, floor] of Object.entries(floors)) {
    const versions = [...imports.matchAll(new RegExp(`\\(?\\b${library}_([0-9.]+)\\b`, 'g'))].map(([, version]) => version!);
    const newer = versions.filter((version) => compareVersions(version.split('.').map(Number), floor) > 0);
    t.ok(versions.length > 0, `needs ${library}`);
    t.same(newer, [], `needs no ${library} above ${floor.join('.')}`);
  }
});

function compareVersions(a: number[], b: number[]): number {
  const first = a.findIndex((part, i) => part !== (b[i] ?? 0));
  return first < 0 ? 0 : a[first]! - (b[first] ?? 0);
}

for (const [isa, register] of Object.entries({ avx2: 'ymm', avx512: 'zmm' }))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: the innermost loop of every product tile`, (t) => {
    const source = readFileSync(join(repository, `native/kernels/kernels_${isa}.cc`), 'utf8');
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const tiles = [...source.matchAll(/kTile<(L1|Dot), (\d+), (\d+)(, kStrided)?>/g)].flatMap(([, product, mr, nv, strided]) =>
      (strided ? [false, true] : [false]).map((isStrided) => ({ product, mr, nv, isStrided })),
    );
    t.ok(tiles.length > 0, 'tiles are listed');
    t.ok(
      tiles.some(({ isStrided }) => isStrided),
      'strided ones, too',
    );
    for (const { product, mr, nv, isStrided } of tiles) {
      const tile = `product_tile<${product}, ${mr}, ${nv}, ${isStrided}>`;
      const steps = Number(mr) * Number(nv);
      const loops = innermostLoops(code.get(tile) ?? []).filter((loop) => loop.some(isFma));
      t.equal(loops.length, 1, `${tile} has one loop of products`);
      const loop = loops[0] ?? [];
      const count = (operation: RegExp) => loop.filter((line) => operation.test(line.text)).length;
      const packed = (name: string) => count(new RegExp(`^${name}ps +(${register}\\d+,){2}`));
      t.equal(packed('vfmadd\\d+'), steps, `${tile}: ${steps} products`);
      t.equal(loop.filter(isFma).length, steps, `${tile}: all of them in ${register} registers`);
      if (product === 'L1') t.equal(packed('vmax'), steps, `${tile}: ${steps} maxima`);
      t.notOk(loop.some(writesMemory), `${tile}: writes no memory`);
    }
  });

/** What a step of each integer product does once for every sum. */
const x86Steps = { L1Bytes: 'vpsadbw', L1Shorts: 'vpmaxsw', DotShorts: 'vpmaddwd', DotBytes7: 'vpmaddubsw' };
const integerSteps: Record<string, { register: string; steps: Record<string, string> }> = {
  avx2: { register: 'ymm', steps: x86Steps },
  avx512: { register: 'zmm', steps: x86Steps },
  avx2_vnni: { register: 'ymm', steps: { DotBytes: 'vpdpbusd' } },
  avx512_vnni: { register: 'zmm', steps: { DotPairs: 'vpdpbusd' } },
};
for (const [isa, { register, steps }] of Object.entries(integerSteps))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: the innermost loop of every integer tile`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    for (const [step, operation] of Object.entries(steps)) {
      const tiles = [...code].filter(([name]) => name.startsWith(`integer_tile<${step},`));
      t.ok(tiles.length > 5, `${step} has tiles`);
      for (const [tile, body] of tiles) {
        const [, mr, nv] = /, (\d+), (\d+)>$/.exec(tile)!;
        const isStep = ({ text }: Instruction) => new RegExp(`^(\\{vex\\} )?${operation} +${register}`).test(text);
        // The masked word that ends a run stands apart and jumps back to the next run, but is no loop of words.
        const isMasked = ({ text }: Instruction) => text.startsWith('vpand');
        const loops = innermostLoops(body).filter((loop) => loop.some(isStep) && !loop.some(isMasked));
        t.equal(loops.length, 1, `${tile} has one loop of words`);
        t.equal(loops[0]?.filter(isStep).length, Number(mr) * Number(nv), `${tile}: a ${operation} for every sum`);
        t.notOk(loops[0]?.some(writesMemory), `${tile}: writes no memory`);
      }
    }
  });

for (const [isa, counting] of Object.entries({ sse41: 'pshufb', avx2: 'vpshufb', avx512: 'vpshufb', avx512_vpopcntdq: 'vpopcntd' }))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: the innermost loop of every binary tile`, (t) => {
    const source = readFileSync(join(repository, `native/kernels/kernels_${isa}.cc`), 'utf8');
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const tiles = [...source.matchAll(/kXnorTile<(\d+), (\d+)>/g)];
    t.ok(tiles.length > 0, 'tiles are listed');
    for (const [, mr, nv] of tiles) {
      const tile = `xnor_tile<${mr}, ${nv}>`;
      const counts = ({ text }: Instruction) => text.startsWith(`${counting} `);
      const loops = innermostLoops(code.get(tile) ?? []).filter((loop) => loop.some(counts));
      t.equal(loops.length, 1, `${tile} has one loop that counts`);
      const loop = loops[0] ?? [];
      t.equal(loop.filter(counts).length, Number(mr) * Number(nv), `${tile}: each count once`);
      t.notOk(
        loop.some(({ text }) => /^(?!cmp|test)\S+ +(\w+ PTR )?(\w+:)?\[/.test(text)),
        `${tile}: writes no memory`,
      );
    }
  });

/** What a step of each peak does once for every sum. */
const vexPeaks = {
  'ProductStep<Addition>': ['vaddps'],
  'ProductStep<L1>': ['vmaxps', 'vfmadd\\d+ps'],
  'ProductStep<Dot>': ['vfmadd\\d+ps'],
  SignStep: ['vpxord?', 'vpshufb', 'vpaddb'],
  'IntegerStep<L1Bytes>': ['vpsadbw', 'vpsubq'],
  'IntegerStep<L1Shorts>': ['vpmaxsw', 'vpmaddwd', 'vpaddd'],
  'IntegerStep<DotShorts>': ['vpmaddwd', 'vpaddd'],
  'IntegerStep<DotBytes7>': ['vpmaddubsw', 'vpmaddwd', 'vpaddd'],
};
const peaks: Record<string, { sums: number; steps: Record<string, string[]> }> = {
  scalar: {
    sums: 8,
    steps: {
      'ProductStep<Addition>': ['addss'],
      'ProductStep<L1>': ['subss', 'addss'],
      'ProductStep<Dot>': ['mulss', 'addss'],
      SignStep: ['xor'],
      'IntegerStep<IntegerL1>': ['cmov\\w+'],
      'IntegerStep<IntegerDot>': ['imul'],
    },
  },
  sse41: {
    sums: 8,
    steps: {
      'ProductStep<Addition>': ['addps'],
      'ProductStep<L1>': ['maxps', 'addps'],
      'ProductStep<Dot>': ['mulps', 'addps'],
      SignStep: ['pxor', 'pshufb', 'paddb'],
      'IntegerStep<L1Bytes>': ['psadbw', 'psubq'],
      'IntegerStep<L1Shorts>': ['pmaxsw', 'pmaddwd', 'paddd'],
      'IntegerStep<DotShorts>': ['pmaddwd', 'paddd'],
      'IntegerStep<DotBytes7>': ['pmaddubsw', 'pmaddwd', 'paddd'],
    },
  },
  avx2: { sums: 8, steps: vexPeaks },
  avx512: { sums: 12, steps: vexPeaks },
  avx2_vnni: { sums: 12, steps: { 'IntegerStep<DotBytes>': ['vpdpbusd'] } },
  avx512_vnni: { sums: 12, steps: { 'IntegerStep<DotPairs>': ['vpdpbusd'] } },
  avx512_vpopcntdq: { sums: 12, steps: { SignStep: ['vpxord?', 'vpopcntd', 'vpaddd'] } },
};
for (const [isa, { sums, steps }] of Object.entries(peaks))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: the loop of every peak`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const found = [...code.keys()].flatMap((name) => /^peak<(.*)>$/.exec(name)?.[1] ?? []);
    t.same(found.sort(), Object.keys(steps).sort(), 'are all here');
    for (const [step, operations] of Object.entries(steps)) {
      const loops = innermostLoops(code.get(`peak<${step}>`) ?? []);
      t.equal(loops.length, 1, `${step} has one loop`);
      const loop = loops[0] ?? [];
      for (const operation of operations) {
        const count = loop.filter(({ text }) => new RegExp(`^(\\{vex\\} )?${operation} `).test(text)).length;
        t.equal(count, step.startsWith('ProductStep') ? Math.max(sums, 10) : sums, `${step}: a ${operation} for every sum`);
      }
      t.notOk(
        loop.some(({ text }) => /^(?!lea|nop).*\[/.test(text)),
        `${step}: touches no memory`,
      );
    }
  });

for (const [isa, register] of Object.entries({ avx2: 'ymm', avx512: 'zmm' }))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: rescaling is defined to the bit`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    for (const name of ['requantize', 'dequantize']) {
      const body = code.get(name) ?? [];
      const multiplies = ({ text }: Instruction) => new RegExp(`^vmulps +${register}`).test(text);
      t.ok(body.some(multiplies), `${name} multiplies in ${register} registers`);
      t.notOk(body.some(isFma), `${name} fuses no multiplication with an addition`);
    }
  });

interface Instruction {
  address: number;
  text: string;
  /** Where a jump goes. */
  target: number | undefined;
}

/** The functions of an object file by their short names, without namespaces, results and parameters. */
function disassemble(object: string): Map<string, Instruction[]> {
  const functions = new Map<string, Instruction[]>();
  let body: Instruction[] = [];
  for (const line of run('objdump', '-d', '-C', '-M', 'intel', '--no-show-raw-insn', object).split('\n')) {
    const header = /^[0-9a-f]+ <(?:void |unsigned long )?(.*)>:$/.exec(line);
    const instruction = /^ *([0-9a-f]+):\t(.*)$/.exec(line);
    if (header) {
      body = [];
      const name = header[1]!.replaceAll('(anonymous namespace)::', '').replace(/\(.*\)$/, '');
      functions.set(name.replaceAll('> >', '>>'), body);
    } else if (instruction) {
      const target = /^j\w+ +([0-9a-f]+) </.exec(instruction[2]!)?.[1];
      body.push({
        address: Number.parseInt(instruction[1]!, 16),
        text: instruction[2]!,
        target: target ? Number.parseInt(target, 16) : undefined,
      });
    }
  }
  return functions;
}

/** A memory operand comes first where it is written; cmp and test only read it. */
const writesMemory = ({ text }: Instruction): boolean => /^(?!cmp|test)\S+ +(\w+ PTR )?(\w+:)?\[/.test(text);

const isFma = ({ text }: Instruction): boolean => text.startsWith('vfmadd');

/** The instructions between a backward jump and its target, where no other such jump lies between them. */
function innermostLoops(body: Instruction[]): Instruction[][] {
  const jumps = body.filter((line) => line.target !== undefined && line.target <= line.address && line.target >= body[0]!.address);
  const within = (inner: Instruction, outer: Instruction) => inner.target! >= outer.target! && inner.address <= outer.address;
  return jumps
    .filter((jump) => !jumps.some((other) => other !== jump && within(other, jump)))
    .map((jump) => body.filter((line) => line.address >= jump.target! && line.address <= jump.address));
}
