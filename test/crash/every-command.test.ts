// Each change that a command makes to the file system fails, or the process is killed before it: the output is the new file or the one before.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { isLong } from '../support/long';
import { program } from '../support/repository';
import { changesIn, checkFailure, failing, folder } from './training';

const data = ['--dataset', 'mnist', '--data', join(folder, 'data'), '--calibration', '32'];
const commands: Record<string, (out: string) => string[]> = {
  convert: (out) => ['convert', 'lenet5-bn-mnist', out],
  quantize: (out) => ['quantize', '--weights', 'lenet5-bn-mnist', ...data, '--out', out],
};

for (const [name, argumentsFor] of Object.entries(commands))
  t.test(name, (t) => {
    const place = t.testdir();
    /** The output in a folder that only one process has used, because leftovers of another one would be removed first. */
    const outIn = (name: string) => {
      mkdirSync(join(place, name));
      return join(place, name, 'out.safetensors');
    };
    const commandFor = (out: string) => [program, ...argumentsFor(out)];
    const whole = outIn('whole');
    const count = join(folder, `changes of ${name}`);
    t.equal(failing(commandFor(whole), { count }).status, 0);
    const [before, after] = [Buffer.from('the file before'), readFileSync(whole)];
    const changes = changesIn(count);
    t.match(changes, ['open out.safetensors.tmp', /^write/, /^sync/, /^close/, 'rename out.safetensors', 'sync whole']);
    for (const [i, change] of changes.entries())
      for (const code of isLong ? ['ENOSPC', 'EIO', 'kill'] : change.startsWith('rename') ? ['ENOSPC', 'kill'] : ['ENOSPC']) {
        const when = `${code} at ${change}`;
        const out = outIn(when);
        writeFileSync(out, before);
        const found = failing(commandFor(out), { at: i + 1, with: code });
        if (code === 'kill') t.equal(found.signal, 'SIGKILL', when);
        else checkFailure(t, found, code, when);
        const isRenamed = changes.slice(0, i).includes('rename out.safetensors');
        t.ok(readFileSync(out).equals(isRenamed ? after : before), `${when}: the file is whole`);
        if (code === 'ENOSPC') t.same(readdirSync(dirname(out)), ['out.safetensors'], `${when}: nothing is left`);
      }
    const killed = join(place, 'kill at rename out.safetensors');
    t.equal(readdirSync(killed).length, 2);
    const { status, stderr } = spawnSync(process.execPath, commandFor(join(killed, 'out.safetensors')), { encoding: 'utf8' });
    t.same({ status, stderr }, { status: 0, stderr: '' }, 'and then it works');
    t.ok(readFileSync(join(killed, 'out.safetensors')).equals(after));
    t.same(readdirSync(killed), ['out.safetensors'], 'and removes what was left');
    t.end();
  });
