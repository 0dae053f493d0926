import { gzipSync } from 'node:zlib';
import t from 'tap';
import { parseIdx } from '../../dist/data/idx';
import { refusal, survivesCorruption, unnoticedTruncations } from '../support/damage';
import { idx } from '../support/idx-bytes';

t.test('each type of number', async (t) => {
  const cases = [
    [0x08, [1, 255], Uint8Array.of(1, 255)],
    [0x09, [1, 255], Int8Array.of(1, -1)],
    [0x0b, [1, 2, 255, 254], Int16Array.of(258, -2)],
    [0x0c, [0, 0, 1, 2, 255, 255, 255, 254], Int32Array.of(258, -2)],
    [0x0d, [0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0], Float32Array.of(1.5, -2)],
    [0x0e, [0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], Float64Array.of(1.5, -2)],
  ] as const;
  for (const [type, payload, data] of cases) {
    t.same(parseIdx(idx(type, [2], payload)).data, data);
    t.same(parseIdx(gzipSync(idx(type, [1, 2], payload))).shape, [1, 2]);
  }
});

t.test('what is refused', async (t) => {
  const refused = (bytes: Uint8Array) => refusal((b) => parseIdx(b, 'x-ubyte'), bytes);
  t.match(refused(Buffer.from('text')), { code: 'ERR_FORMAT', message: /^x-ubyte: not an idx file/ });
  const page = Buffer.from('<!DOCTYPE html><title>Not found</title>');
  const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n');
  for (const file of [page, gzipSync(page)]) t.match(refused(file), { code: 'ERR_FORMAT', message: /not an idx file: it is a web page/ });
  t.match(refused(pointer), { code: 'ERR_FORMAT', message: /not an idx file: it is a Git LFS pointer/ });
  t.match(refused(idx(0x0a, [1], [1])), { code: 'ERR_FORMAT' });
  t.match(refused(idx(0x08, [], [1])), { code: 'ERR_FORMAT' });
  t.match(refused(idx(0x08, [0, 28, 28], [])), { code: 'ERR_FORMAT', message: /\[0,28,28\]/ });
  t.match(refused(idx(0x08, [2], [1, 2, 3])), { code: 'ERR_CORRUPT', message: /takes 2 bytes, but there are 3/ });
  t.match(refused(idx(0x08, [2 ** 31, 2 ** 31], [1])), { code: 'ERR_CORRUPT', message: /more elements/ });
});

t.test('a gzip takes no more memory than its header says', async (t) => {
  const bomb = gzipSync(Buffer.concat([idx(0x08, [2], [1, 2]), Buffer.alloc(300 << 20)]));
  const before = process.memoryUsage.rss();
  t.match(
    refusal((b) => parseIdx(b, 'x.gz'), bomb),
    { code: 'ERR_CORRUPT', message: /x.gz: the gzip file contains more than the 10 bytes of its idx file/ },
  );
  t.ok(process.memoryUsage.rss() - before < 100e6);
  const large = idx(0x08, [100_000], new Uint8Array(100_000).fill(7));
  t.equal(parseIdx(gzipSync(large, { level: 0 })).size, 100_000, 'a header in the first of many bytes');
});

t.test('damage, plain and in gzip', async (t) => {
  for (const file of [idx(0x08, [2, 3], [1, 2, 3, 4, 5, 6]), idx(0x0c, [2], [0, 0, 0, 1, 0, 0, 0, 2])])
    for (const bytes of [file, gzipSync(file)]) {
      t.same(unnoticedTruncations(parseIdx, bytes), []);
      survivesCorruption(parseIdx, bytes, 500);
    }
});
