import { zipSync } from 'fflate';
import t from 'tap';
import { unzipStored } from '../../dist/io/zip';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';

const read = (bytes: Uint8Array) => unzipStored(bytes, 'w.pth');
const file = Buffer.from(zipSync({ 'a/b': Uint8Array.of(1, 2, 3), '9_letters': Uint8Array.of(4) }, { level: 0 }));
/** Where the directory starts, as the last record of a ZIP says. */
const directory = file.readUInt32LE(file.length - 6);

/** The file with another 32-bit number in its first directory entry, at byte `field` of it. */
function claiming(field: number, value: number): Buffer {
  const bytes = Buffer.from(file);
  bytes.writeUInt32LE(value, directory + field);
  return bytes;
}

t.test('entries by name', async (t) => {
  t.same(
    [...read(file)].map(([name, bytes]) => [name, ...bytes]),
    [
      ['a/b', 1, 2, 3],
      ['9_letters', 4],
    ],
  );
});

t.test('an entry named __proto__ is refused and changes no object', async (t) => {
  const renamed = Buffer.from(file.toString('latin1').replaceAll('9_letters', '__proto__'), 'latin1');
  t.match(refusal(read, renamed), { code: 'ERR_CORRUPT', message: /"__proto__"/ });
  t.equal(({} as Record<string, unknown>)[0], undefined);
});

t.test('sizes and places are not believed', async (t) => {
  const [size, originalSize, place] = [20, 24, 42];
  t.match(refusal(read, claiming(size, 4)), { code: 'ERR_CORRUPT', message: /^w\.pth: entry "a\/b" of the archive claims 4 bytes/ });
  t.match(refusal(read, claiming(originalSize, 0x7fffffff)), { code: 'ERR_CORRUPT', message: /claims/ });
  t.match(refusal(read, claiming(place, 0x7fffffff)), { code: 'ERR_CORRUPT', message: /is outside the file/ });
});

t.test('damage', async (t) => {
  t.same(unnoticedTruncations(read, file), []);
  survivesCorruption(read, file);
});
