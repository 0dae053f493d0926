// What reaches a terminal: control characters in names of files, classes and tensors are shown, never sent.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { Model, models, save, Tensor } from '../../dist';
import { formatSafetensors } from '../../dist/io/safetensors';
import { bmp } from '../support/bitmaps';
import { program, repository } from '../support/repository';
import { smallMetadata, smallNetwork } from '../support/small-network';
import { control } from '../support/terminal-controls';

/** Moves the cursor, clears, sets the title and the clipboard, makes a link, as C0 and as C1; reverses writing; breaks the line. */
const hostile =
  'x\u001b[2J\u001b]0;t\u0007\u001b]52;c;YQ==\u0007\u001b]8;;http://evil\u0007y\u009b31m\u009d0;t\u009c\u202e\u2066\u200f\u061c\r\nfake: line\u0085\u2028\b\u007f';
async function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await promisify(execFile)(process.execPath, [program, ...args], { encoding: 'utf8' }).catch((error) => error);
}

const folder = t.testdir();
const inFolder = (name: string): string => join(folder, name);

t.before(async () => {
  const classNames = [hostile, 'b', 'c'];
  const network = new Model(smallNetwork(), { ...smallMetadata, name: hostile, dataset: hostile, classNames });
  await save(network, inFolder('network.safetensors'), { training: { command: hostile, seed: 1, epochs: 1, accuracy: 1, images: 1 } });
  writeFileSync(inFolder('tensors.safetensors'), formatSafetensors(new Map([[hostile, Tensor.zeros([2])]]), { [hostile]: hostile }));
  await save(models.lenet5bn({ seed: 1 }), inFolder('plain.safetensors'));
  writeFileSync(
    inFolder('image.bmp'),
    bmp(6, 6, (x, y) => [x, y, 0]),
  );
});

const network = () => inFolder('network.safetensors');
const commands: [string, () => string[], isJson: boolean][] = [
  ['info of a network', () => ['info', network()], true],
  ['info of tensors', () => ['info', inFolder('tensors.safetensors')], true],
  ['info of a file that is missing', () => ['info', inFolder(hostile)], false],
  ['predict', () => ['predict', inFolder('image.bmp'), '--weights', network()], true],
  ['predict of an image that is missing', () => ['predict', inFolder(hostile), '--weights', network()], false],
  ['convert', () => ['convert', network(), inFolder('again.safetensors')], true],
  ['convert to another format', () => ['convert', network(), inFolder(`${hostile}.pth`)], false],
  ['evaluate on another data set', () => ['evaluate', '--weights', network(), '--dataset', 'digits'], false],
  ['an option', () => ['predict', 'a', '--weights', network(), '--top', hostile.replace(/[\r\n]/g, '')], false],
];

for (const [name, args, isJson] of commands)
  t.test(name, async (t) => {
    const { stdout, stderr } = await run(...args());
    t.ok(stdout.length + stderr.length > 0);
    t.notMatch(stdout + stderr, control);
    t.notMatch(stdout + stderr, /^fake/m, 'a line of its own');
    if (!isJson) return;
    t.match(stdout, '\\x1b[2J', 'it is shown');
    const json = await run(...args(), '--json');
    t.notMatch(json.stdout, control);
    t.ok(JSON.stringify(JSON.parse(json.stdout)).includes(JSON.stringify(hostile).slice(1, -1)), 'programs read the same text');
  });

t.test('an error with its stack', async (t) => {
  const { stderr } = await promisify(execFile)(process.execPath, [program, 'info', inFolder(hostile)], {
    env: { ...process.env, ADDERNET_DEBUG: '1' },
  }).catch((error) => error);
  t.match(stderr, /at .*\.js:\d+/);
  t.notMatch(stderr, control);
});

t.test('all of the command line writes through one file', (t) => {
  const files = readdirSync(join(repository, 'lib/cli'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const writers = files.filter((file) =>
    /\bconsole\.|\bstd(out|err)\.write\(/.test(readFileSync(join(repository, 'lib/cli', file), 'utf8')),
  );
  // bench.ts writes and erases one line, which it words itself.
  t.same(writers.sort(), ['bench.ts', 'terminal.ts']);
  t.end();
});
