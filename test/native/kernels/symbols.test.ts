// What the compiler made of the native code. A kernel file leaves nothing behind but its table: an inline function shared with other
// files and compiled with AVX-512 flags can win at link time and crash older CPUs. The addon exports its entry points alone and loads on
// older systems than the one it was built on. And the loops of tiles and of peaks are what their source promises: every sum in a register, no
// micro-op left out. Which tiles there are the program itself reports.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../../support/needing';
import { repository } from '../../support/repository';

const addon = join(repository, 'build/Release/addernet.node');
const core = join(repository, 'build/native/addernet_core_test');
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
const needsTiles = [...needs, needsBuild('build', builds.build), !existsSync(core) && `addernet_core_test is not there: ${builds.build}`];

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

interface Tile {
  kernels: string;
  family: string;
  symbol: string;
  mr: number;
  vectors: number;
}

/** What the core lists, of the instruction set of a kernel file. */
function tilesOf(kernels: string): Tile[] {
  const lines = run(core, '--list-tiles').trim().split('\n');
  return lines
    .map((line) => line.split('\t'))
    .map(([kernels, family, symbol, mr, , vectors]) => ({ kernels, family, symbol, mr: Number(mr), vectors: Number(vectors) }) as Tile)
    .filter((tile) => tile.kernels === kernels);
}

for (const [isa, register] of Object.entries({ avx2: 'ymm', avx512: 'zmm' }))
  testNeeding(needsTiles, `${isa}: the innermost loop of every product tile`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const tiles = tilesOf(isa);
    for (const family of ['l1 f32', 'dot f32', 'strided dot']) {
      const members = tiles.filter((tile) => tile.family === family);
      t.ok(members.length > 5, `${family} has tiles`);
      for (const { symbol, mr, vectors } of members) {
        const loops = innermostLoops(code.get(symbol) ?? []).filter((loop) => loop.some(isFma));
        t.equal(loops.length, 1, `${symbol} has one loop of products`);
        const loop = loops[0] ?? [];
        const count = (operation: RegExp) => loop.filter((line) => operation.test(line.text)).length;
        const packed = (name: string) => count(new RegExp(`^${name}ps +(${register}\\d+,){2}`));
        t.equal(packed('vfmadd\\d+'), mr * vectors, `${symbol}: ${mr * vectors} products`);
        t.equal(loop.filter(isFma).length, mr * vectors, `${symbol}: all of them in ${register} registers`);
        if (family === 'l1 f32') t.equal(packed('vmax'), mr * vectors, `${symbol}: ${mr * vectors} maxima`);
        t.notOk(loop.some(writesMemory), `${symbol}: writes no memory`);
      }
    }
    for (const { symbol } of tiles) t.ok(code.has(symbol), `${symbol} is compiled`);
  });

/** An instruction, and in how many of `rows` rows of a tile the micro-op makes it once for every sum. */
type Counts = Record<string, (rows: number) => number>;
const inAll = (rows: number) => rows;
/** The last row of every `period`. */
const inLast = (period: number) => (rows: number) => Math.floor(rows / period);
const inOthers = (period: number) => (rows: number) => rows - Math.floor(rows / period);
const x86MicroOps: Record<string, Counts> = {
  Psadbw: { vpsadbw: inAll, vpsubq: inAll },
  MaxMaddubs: { vpmaxub: inAll, vpmaddubsw: inAll, vpaddw: inAll },
  MixedMaddubs: { vpsadbw: inOthers(4), vpmaxub: inLast(4), vpmaddubsw: inLast(4) },
  MaxMaddwd: { vpmaxsw: inAll, vpmaddwd: inAll, vpaddd: inAll },
  DotShorts: { vpmaddwd: inAll },
  DotBytes7: { vpmaddubsw: inAll },
};
const vnniMicroOps: Record<string, Counts> = {
  MaxDpbusd: { vpmaxub: inAll, vpdpbusd: inAll },
  MixedDpbusd: { vpsadbw: inOthers(2), vpmaxub: inLast(2), vpdpbusd: inLast(2) },
  MaxDpwssd: { vpmaxsw: inAll, vpdpwssd: inAll },
};
const integerMicroOps: Record<string, { register: string; microOps: Record<string, Counts> }> = {
  avx2: { register: 'ymm', microOps: x86MicroOps },
  avx512: { register: 'zmm', microOps: x86MicroOps },
  avx2_vnni: { register: 'ymm', microOps: { ...vnniMicroOps, DotBytes: { vpdpbusd: inAll } } },
  avx512_vnni: { register: 'zmm', microOps: { ...vnniMicroOps, DotPairs: { vpdpbusd: inAll } } },
};
for (const [isa, { register, microOps }] of Object.entries(integerMicroOps))
  testNeeding(needsTiles, `${isa}: the innermost loop of every integer tile`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    for (const [microOp, counts] of Object.entries(microOps)) {
      const tiles = tilesOf(isa).filter(({ symbol }) => symbol.startsWith(`integer_tile<${microOp},`));
      t.ok(tiles.length > 5, `${microOp} has tiles`);
      for (const { symbol, mr, vectors } of tiles) {
        if (Object.values(counts).some((rows) => rows(mr) === 0)) continue; // too few rows to mix: the code of Psadbw
        const makes = (operation: string) => (line: Instruction) => new RegExp(`^(\\{vex\\} )?${operation} +${register}`).test(line.text);
        const makesAll = (loop: Instruction[]) => Object.keys(counts).every((operation) => loop.some(makes(operation)));
        // The masked k-group that ends a segment stands apart and jumps back to the next segment, but is no loop over k.
        const isMasked = ({ text }: Instruction) => text.startsWith('vpand');
        const loops = innermostLoops(code.get(symbol) ?? []).filter((loop) => makesAll(loop) && !loop.some(isMasked));
        t.equal(loops.length, 1, `${symbol} has one loop over k`);
        for (const [operation, rows] of Object.entries(counts))
          t.equal(
            loops[0]?.filter(makes(operation)).length,
            rows(mr) * vectors,
            `${symbol}: ${rows(mr)} of ${mr} rows make a ${operation}`,
          );
        t.notOk(loops[0]?.some(writesMemory), `${symbol}: writes no memory`);
      }
    }
  });

testNeeding(needsTiles, 'the innermost loop of the tile of sliding filters', (t) => {
  const tiles = tilesOf('avx512').filter(({ family }) => family === 'l1 u8 vdbpsadbw');
  t.equal(tiles.length, 1, 'it is listed');
  const [{ symbol, mr, vectors }] = tiles as [Tile];
  const loops = innermostLoops(disassemble(join(kernels('build'), 'kernels_avx512.cc.o')).get(symbol) ?? []);
  const loop = loops.find((loop) => loop.some(({ text }) => text.startsWith('vdbpsadbw '))) ?? [];
  const count = (operation: RegExp) => loop.filter(({ text }) => operation.test(text)).length;
  t.equal(count(/^vdbpsadbw +zmm/), mr * vectors, 'a vdbpsadbw for every sum');
  t.equal(count(/^vpaddw +zmm/), mr * vectors, 'an addition for every sum');
  t.equal(count(/^vpbroadcastd +zmm/), mr, 'a broadcast for every filter');
  t.equal(count(/^v/), 2 * mr * vectors + mr + vectors, 'and a load of pixels, but no copy of a register');
  t.notOk(loop.some(writesMemory), 'writes no memory');
});

for (const [isa, counting] of Object.entries({ sse41: 'pshufb', avx2: 'vpshufb', avx512: 'vpshufb', avx512_vpopcntdq: 'vpopcntd' }))
  testNeeding(needsTiles, `${isa}: the innermost loop of every binary tile`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const tiles = tilesOf(isa).filter(({ family }) => family === 'xnor');
    t.ok(tiles.length > 5, 'tiles are listed');
    for (const { symbol, mr, vectors } of tiles) {
      const counts = ({ text }: Instruction) => text.startsWith(`${counting} `);
      const loops = innermostLoops(code.get(symbol) ?? []).filter((loop) => loop.some(counts));
      t.equal(loops.length, 1, `${symbol} has one loop that counts`);
      t.equal(loops[0]?.filter(counts).length, mr * vectors, `${symbol}: each count once`);
      t.notOk(loops[0]?.some(writesMemory), `${symbol}: writes no memory`);
    }
  });

/** What the micro-op of each peak does once for every sum. */
const vexPeaks = {
  'ProductMicroOp<Addition>': ['vaddps'],
  'ProductMicroOp<L1>': ['vmaxps', 'vfmadd\\d+ps'],
  'ProductMicroOp<Dot>': ['vfmadd\\d+ps'],
  SignMicroOp: ['vpxord?', 'vpshufb', 'vpaddb'],
  'IntegerPeak<Psadbw>': ['vpsadbw', 'vpsubq'],
  'IntegerPeak<MaxMaddubs>': ['vpmaxub', 'vpmaddubsw', 'vpaddw'],
  'IntegerPeak<MixedMaddubs>': ['vpsadbw|vpmaxub'],
  Vmpsadbw: ['vmpsadbw', 'vpaddw'],
  'IntegerPeak<MaxMaddwd>': ['vpmaxsw', 'vpmaddwd', 'vpaddd'],
  'IntegerPeak<DotShorts>': ['vpmaddwd', 'vpaddd'],
  'IntegerPeak<DotBytes7>': ['vpmaddubsw', 'vpmaddwd', 'vpaddd'],
};
const vnniPeaks = {
  'IntegerPeak<MaxDpbusd>': ['vpmaxub', 'vpdpbusd'],
  'IntegerPeak<MixedDpbusd>': ['vpsadbw|vpdpbusd'],
  'IntegerPeak<MaxDpwssd>': ['vpmaxsw', 'vpdpwssd'],
};
const peaks: Record<string, { sums: number; microOps: Record<string, string[]> }> = {
  scalar: {
    sums: 8,
    microOps: {
      'ProductMicroOp<Addition>': ['addss'],
      'ProductMicroOp<L1>': ['subss', 'addss'],
      'ProductMicroOp<Dot>': ['mulss', 'addss'],
      SignMicroOp: ['xor'],
      'IntegerPeak<IntegerL1>': ['cmov\\w+'],
      'IntegerPeak<IntegerDot>': ['imul'],
    },
  },
  sse41: {
    sums: 8,
    microOps: {
      'ProductMicroOp<Addition>': ['addps'],
      'ProductMicroOp<L1>': ['maxps', 'addps'],
      'ProductMicroOp<Dot>': ['mulps', 'addps'],
      SignMicroOp: ['pxor', 'pshufb', 'paddb'],
      'IntegerPeak<Psadbw>': ['psadbw', 'psubq'],
      'IntegerPeak<MaxMaddwd>': ['pmaxsw', 'pmaddwd', 'paddd'],
      'IntegerPeak<DotShorts>': ['pmaddwd', 'paddd'],
      'IntegerPeak<DotBytes7>': ['pmaddubsw', 'pmaddwd', 'paddd'],
    },
  },
  avx2: { sums: 8, microOps: vexPeaks },
  avx512: { sums: 12, microOps: { ...vexPeaks, SlidingMicroOp: ['vdbpsadbw', 'vpaddw'] } },
  avx2_vnni: { sums: 8, microOps: { ...vnniPeaks, 'IntegerPeak<DotBytes>': ['vpdpbusd'] } },
  avx512_vnni: { sums: 12, microOps: { ...vnniPeaks, 'IntegerPeak<DotPairs>': ['vpdpbusd'] } },
  avx512_vpopcntdq: { sums: 12, microOps: { SignMicroOp: ['vpxord?', 'vpopcntd', 'vpaddd'] } },
};
const leastSums = (microOp: string) => (microOp.startsWith('ProductMicroOp') ? 10 : /Dot(Bytes|Pairs)>/.test(microOp) ? 12 : 0);
for (const [isa, { sums, microOps }] of Object.entries(peaks))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: the loop of every peak`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    const found = [...code.keys()].flatMap((name) => /^peak<(.*)>$/.exec(name)?.[1] ?? []);
    t.same(found.sort(), Object.keys(microOps).sort(), 'are all here');
    for (const [microOp, operations] of Object.entries(microOps)) {
      const loops = innermostLoops(code.get(`peak<${microOp}>`) ?? []);
      t.equal(loops.length, 1, `${microOp} has one loop`);
      const loop = loops[0] ?? [];
      for (const operation of operations) {
        const count = loop.filter(({ text }) => new RegExp(`^(\\{vex\\} )?(${operation}) `).test(text)).length;
        t.equal(count, Math.max(sums, leastSums(microOp)), `${microOp}: a ${operation} for every sum`);
      }
      t.notOk(
        loop.some(({ text }) => /^(?!lea|nop).*\[/.test(text)),
        `${microOp}: touches no memory`,
      );
    }
  });

for (const [isa, register] of Object.entries({ avx2: 'ymm', avx512: 'zmm' }))
  testNeeding([...needs, needsBuild('build', builds.build)], `${isa}: rescaling is bit-exact`, (t) => {
    const code = disassemble(join(kernels('build'), `kernels_${isa}.cc.o`));
    for (const name of ['requantize', 'dequantize'].flatMap((name) => ['unsigned char', 'short'].map((type) => `${name}<${type}>`))) {
      const body = code.get(name) ?? [];
      const multiplications = body.filter(({ text }) => new RegExp(`^vmulps +${register}`).test(text)).length;
      const fmas = body.filter(isFma).length;
      // Without a residual, with one of floats and with a quantized one: four multiplications, and three FMAs by 1, which add.
      t.ok(multiplications > 0 && fmas > 0 && 3 * multiplications === 4 * fmas, `${name}: ${multiplications} products, ${fmas} FMAs`);
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
