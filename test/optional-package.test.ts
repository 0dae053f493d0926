// Whether a package is missing or broken is seen from what its `require` threw.
import t from 'tap';
import { packageError } from '../dist/optional-package';

t.test('only a package that is not found is to be installed', (t) => {
  const notFound = (name: string) => Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:`), { code: 'MODULE_NOT_FOUND' });
  t.match(packageError('sharp', 'reading images', notFound('sharp')), {
    code: 'ERR_PEER_MISSING',
    message: 'reading images needs the package sharp: npm i sharp',
  });
  for (const [cause, words] of [
    [notFound('detect-libc'), "Cannot find module 'detect-libc'"],
    [new Error('wrong ELF class'), 'wrong ELF class'],
    ['a text', 'a text'],
    [null, 'null'],
    [undefined, 'undefined'],
  ] as const) {
    const error = packageError('sharp', 'reading images', cause);
    t.equal(error.code, 'ERR_PEER_BROKEN');
    t.ok(error.message.startsWith(`reading images needs the package sharp, which is installed but does not load: ${words}`), error.message);
  }
  t.end();
});
