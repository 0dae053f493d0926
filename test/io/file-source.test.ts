// Where the bytes of a file come from, and what is no file.
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { sourceName, sourcePath } from '../../dist/io/file-source';

t.test('texts that are URLs, or contents', (t) => {
  t.equal(sourcePath('load', pathToFileURL(__filename).href), __filename, 'as import.meta.url has it');
  for (const text of ['https://example.org/a.png', 'data:image/png;base64,iVBORw0KGgo='])
    t.throws(() => sourcePath('load', text), { code: 'ERR_ARGUMENT', message: /is not a file: URL: fetch it, and pass its bytes/ });
  const message = /^load: a text of 5000 characters, 'iVBO.{16}…', is not a path: pass the bytes of the file/;
  t.throws(() => sourcePath('load', 'iVBO'.padEnd(5000, 'A')), { code: 'ERR_ARGUMENT', message });
  t.equal(sourcePath('load', 'data:set.safetensors'), 'data:set.safetensors', 'a file may be called so');
  t.end();
});

t.test('names in messages are cut', (t) => {
  t.equal(sourceName('a'.repeat(1000)).length, 201);
  t.equal(sourceName(new Uint8Array(3)), '3 bytes in memory');
  t.end();
});
