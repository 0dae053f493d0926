// Each kind of file is named, with its remedy, and no file of weights is taken for another.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import t from 'tap';
import { describeFile, fileKind } from '../../dist/io/file-kinds';
import { parseTensors } from '../../dist/io/read-tensors';
import { cpuTime } from '../support/cpu-time';
import { refusal } from '../support/damage';
import { npyFile } from '../support/npy-bytes';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const zip = (...names: string[]) => zipSync(Object.fromEntries(names.map((name) => [name, Buffer.from('content')])), { level: 0 });

t.test('files that hold no weights this package reads', async (t) => {
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(), /^an empty file: download/],
    [new Uint8Array(1000), /^a file of zeros.*download/],
    [latin1('version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n'), /^a Git LFS pointer.*git lfs pull/],
    [latin1('<!DOCTYPE html><html><body>404</body></html>\n'), /^a web page/],
    [latin1('\n\n  <html lang="en">'), /^a web page/],
    [latin1('\xef\xbb\xbf<!-- saved --> <!doctype HTML>'), /^a web page/],
    [latin1('<?xml version="1.0"?><html xmlns="...">'), /^a web page/],
    [latin1('<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code>'), /^XML: the download may have delivered an error/],
    [latin1('<?xml version="1.0"?>\n<!-- made by -->\n<svg width="3">'), /^an SVG image/],
    [latin1('{"message":"Not Found"}'), /^JSON/],
    [latin1('[\n  {"a": 1}]'), /^JSON/],
    [latin1('Entry not found'), /^text that begins with "Entry not found"/],
    [latin1('x,y\n1,2\n'), /^text that begins with "x,y/],
    [zip('w.npy', 'b.npy'), /^NumPy arrays in a ZIP \(\.npz\): .*save_file/],
    [zip('net/data.pkl', 'net/constants.pkl', 'net/data/0'), /^a TorchScript archive.*torch\.jit\.load/],
    [zip('net/data.pkl', 'net/code/__torch__.py'), /^a TorchScript archive/],
    [zip('config.json', 'model.weights.h5'), /^a Keras network/],
    [zip('net.pth', 'readme.txt'), /^a ZIP archive, but not from torch\.save: unpack it/],
    [zipSync({ 'net.pth': Buffer.from('x'.repeat(100)) }), /^a ZIP archive, but not from torch\.save: unpack it/],
    [zip('net/data.pkl', 'net/data/0').subarray(0, 60), /^a truncated ZIP archive.*download or copy it again/],
    [latin1('\x89HDF\r\n\x1a\n\0'), /^an HDF5 file \(Keras/],
    [Buffer.concat([Buffer.alloc(512, 1), latin1('\x89HDF\r\n\x1a\n\0')]), /^an HDF5 file/],
    [latin1('\x08\x07\x12\x07pytorch\x1a\x051.13'), /^an ONNX network.*state_dict/],
    [latin1('\x08\x09\x3a\xff\x01\x0a'), /^an ONNX network/],
    [latin1('\x08\x01\x12\xd0\x10\x0a\x02'), /^a TensorFlow SavedModel/],
    [latin1('\x1c\0\0\0TFL3\0'), /^a TensorFlow Lite network/],
    [latin1('GGUF\x03\0\0\0'), /^a GGUF file/],
    [latin1('MATLAB 5.0 MAT-file, Platform'), /^a MATLAB file/],
    [gzipSync(Buffer.from('weights')), /^a gzip archive: unpack it \(gunzip\)/],
    [latin1('BZh91AY&SY'), /^a bzip2 archive: unpack/],
    [latin1('\xfd7zXZ\0\0'), /^an xz archive: unpack/],
    [latin1('\x28\xb5\x2f\xfd\x04'), /^a Zstandard archive: unpack/],
    [latin1("7z\xbc\xaf'\x1c\0"), /^a 7z archive: unpack/],
    [Buffer.concat([latin1('net.pth'), Buffer.alloc(250), latin1('ustar\x0000')]), /^a tar archive: unpack/],
    [latin1('%PDF-1.7\n'), /^a PDF document/],
    [latin1('\x89PNG\r\n\x1a\n\0\0'), /^a PNG image/],
    [latin1('\xff\xd8\xff\xe0\0'), /^a JPEG image/],
    [latin1('GIF89a\x01'), /^a GIF image/],
    [latin1('RIFF\x01\x02\x03\x04WEBPVP8 '), /^a WebP image/],
    [latin1('\0\0\x08\x01\0\0\0\x04\x01\x02\x03\x04'), /^an idx file \(the format of MNIST/],
  ];
  for (const [bytes, expected] of cases) {
    const shown = JSON.stringify(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));
    t.match(describeFile(bytes), expected, shown);
    const description = describeFile(bytes);
    t.match(
      refusal((b) => parseTensors(b, 'w.pth'), bytes),
      {
        code: fileKind(bytes)?.isBroken ? 'ERR_CORRUPT' : 'ERR_FORMAT',
        message: `w.pth is ${description}; tensors are read from .safetensors`,
      },
      shown,
    );
  }
});

t.test('what is left of a broken download is corrupt, and not of another format', async (t) => {
  const broken = [new Uint8Array(), new Uint8Array(9), zip('net/data.pkl').subarray(0, 40)];
  for (const bytes of broken) t.equal(fileKind(bytes)?.isBroken, true);
  t.equal(fileKind(latin1('{"a": 1}'))?.isBroken, undefined);
});

t.test('a ZIP that claims more entries than it has room for', async (t) => {
  const file = Buffer.from(zip('net/data.pkl'));
  file.writeUInt16LE(0xffff, file.length - 14);
  file.writeUInt16LE(0xffff, file.length - 12);
  const start = cpuTime();
  t.match(describeFile(file), /^a truncated ZIP archive/);
  t.ok(cpuTime() - start < 2000);
});

t.test('bytes that say nothing', async (t) => {
  const bytes = Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 1);
  t.equal(describeFile(bytes), undefined);
  t.match(
    refusal((b) => parseTensors(b, 'w.bin'), bytes),
    { code: 'ERR_FORMAT', message: /^w\.bin is of unknown format, has 5 bytes and begins with de ad be ef 01;/ },
  );
});

t.test('files of weights', async (t) => {
  const folder = join(__dirname, '../../test/fixtures/weights');
  for (const file of readdirSync(folder))
    t.equal(fileKind(readFileSync(join(folder, file)))?.format, file === 'torchscript.pt' ? undefined : 'pytorch', file);
  t.equal(fileKind(npyFile('<f4', '(1,)', new Uint8Array(4)))?.format, 'npy');
  const safetensors = Buffer.concat([Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), latin1('{}')]);
  t.equal(fileKind(safetensors)?.format, 'safetensors');
  t.match(
    refusal((b) => parseTensors(b, 'w'), safetensors.subarray(0, 9)),
    { code: 'ERR_CORRUPT', message: /truncated/ },
  );
});
