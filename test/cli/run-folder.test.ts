import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { models } from '../../dist';
import { RunFolder } from '../../dist/cli/run-folder';

t.test('a run whose folder another one has taken over writes nothing more', async (t) => {
  const folder = new RunFolder(join(t.testdir(), 'run'));
  await folder.create();
  await folder.writeLog([]);
  writeFileSync(join(folder.path, 'train.lock'), 'of another run');
  const writes = [
    () => folder.writeArguments({}),
    () => folder.writeLog([]),
    () => folder.write('curves.svg', ''),
    () => folder.save('best', models.lenet5bn({ seed: 1 }), { command: 'train', seed: 1, epochs: 1, accuracy: 1, images: 1 }),
  ];
  for (const write of writes) await t.rejects(write, { code: 'ERR_LOCKED', message: /train\.lock' was deleted or replaced/ });
  await folder.close();
  t.same(readdirSync(folder.path).sort(), ['log.jsonl', 'train.lock']);
});
