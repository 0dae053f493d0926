// What a thread keeps for itself takes no memory at the moment it is first used, nor a destructor that the system would have to remember:
// glibc ends the process where it has no memory for either, as with a thousand threads under a limit.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { missingProgram, testNeeding } from '../../support/needing';
import { repository } from '../../support/repository';

const missing = [process.platform !== 'linux' && 'glibc is of Linux', missingProgram('nm', 'it lists what the addon imports')];
testNeeding(missing, 'the addon asks for no memory or destructor of a thread', (t) => {
  const { stdout } = spawnSync('nm', ['-D', '--undefined-only', join(repository, 'build/Release/addernet.node')], { encoding: 'utf8' });
  const imported = stdout.split('\n').map((line) => line.trim().replace(/^\w\s+|@.*$/g, ''));
  t.ok(imported.includes('memcpy'), 'there is a list');
  t.same(
    imported.filter((name) => ['__tls_get_addr', '__cxa_thread_atexit', '__cxa_thread_atexit_impl'].includes(name)),
    [],
  );
});
