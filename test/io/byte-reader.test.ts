import t from 'tap';
import { ByteReader } from '../../dist/io/byte-reader';
import { refusal } from '../support/damage';

t.test('numbers in the byte order their names say', async (t) => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 0, 3, 0, 0, 0, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff), 'file');
  t.same([reader.u8(), reader.u16(), reader.u32(), reader.u32BigEndian(), reader.i32()], [1, 2, 3, 4, -1]);
  t.equal(reader.offset, 15);
  t.equal(reader.remaining, 0);
  t.equal(new ByteReader(Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0), 'file').u64(), 2 ** 32);
  t.equal(new ByteReader(Uint8Array.of(0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 'file').f64BigEndian(), 1.5);
});

t.test('text and lines', async (t) => {
  const reader = new ByteReader(Buffer.from('añline\nrest'), 'file');
  t.equal(reader.text(3), 'añ');
  t.equal(reader.line(), 'line');
  t.match(
    refusal(() => reader.line(), Uint8Array.of()),
    { code: 'ERR_CORRUPT', message: /^file: truncated in the line that starts at byte 8/ },
  );
  t.match(
    refusal((bytes) => new ByteReader(bytes, 'file').text(1), Uint8Array.of(0xff)),
    { code: 'ERR_CORRUPT', message: /UTF-8/ },
  );
});

t.test('every read is refused past the end, also where the buffer goes on', async (t) => {
  const bytes = new Uint8Array(16).subarray(4, 5);
  for (const read of ['u16', 'u32', 'u32BigEndian', 'i32', 'u64', 'f64BigEndian'] as const)
    t.match(
      refusal((b) => new ByteReader(b, 'file')[read](), bytes),
      { code: 'ERR_CORRUPT', message: /^file: truncated at byte 1: \d bytes were expected from byte 0/ },
    );
  t.match(
    refusal((b) => new ByteReader(b, 'file').take(2 ** 40), bytes),
    { code: 'ERR_CORRUPT' },
  );
});
