// Recognizes the format of a file by its first bytes, because a name may be wrong and a download may have delivered something else.
import { unzipSync } from 'fflate';
import { quoted } from '../quoted';

export interface FileKind {
  /** A noun with its article. */
  readonly what: string;
  /** What to do if another file was expected. */
  readonly remedy?: string;
  /** Whether the file is the remainder of a broken download. */
  readonly isBroken?: true;
  /** The tensor format, if it can be read. */
  readonly format?: 'safetensors' | 'pytorch' | 'npy';
  /** Whether it is an image in a format that sharp reads. */
  readonly isImage?: true;
}

interface Row extends FileKind {
  /** @param entries the names in a ZIP archive, which are listed once for all kinds */
  readonly matches: (bytes: Uint8Array, text: string, entries: () => readonly string[]) => boolean;
}

/** The number of bytes that are matched as text, one character per byte. */
const textBytes = 1024;

const startsWith =
  (...starts: string[]): Row['matches'] =>
  (_, text) =>
    starts.some((start) => text.startsWith(start));
const hasAt =
  (at: number, part: string): Row['matches'] =>
  (_, text) =>
    text.startsWith(part, at);
const matching =
  (pattern: RegExp): Row['matches'] =>
  (_, text) =>
    pattern.test(text);
/** Matches a ZIP archive with an entry whose name matches. */
const zipWith =
  (entry: RegExp): Row['matches'] =>
  (_, text, entries) =>
    text.startsWith('PK\x03\x04') && entries().some((name) => entry.test(name));

const again = 'download or copy it again';
const fetchAgain = 'open it to see why, and download the file itself';
const unpack = 'unpack it and pass the file inside';
const stateDict = 'save the weights of the original PyTorch model with torch.save(model.state_dict(), path)';

/** The first match counts. */
const kinds: readonly Row[] = [
  { what: 'an empty file', remedy: again, isBroken: true, matches: (bytes) => bytes.length === 0 },
  {
    what: 'a file of zeros, probably a broken download',
    remedy: again,
    isBroken: true,
    matches: (bytes) => bytes.every((byte) => byte === 0),
  },
  { what: 'a safetensors file', format: 'safetensors', matches: isSafetensors },
  { what: 'a NumPy array (.npy)', format: 'npy', matches: startsWith('\x93NUMPY') },
  {
    what: 'a Git LFS pointer instead of the file',
    remedy: 'run `git lfs pull` in its repository, or download the file itself',
    matches: startsWith('version https://git-lfs.github.com/spec/'),
  },
  { what: 'an SVG image', matches: matching(/^\S{0,3}\s*(<\?xml[^>]*>\s*)?(<!--[^>]*>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg/i) },
  {
    what: 'a web page (HTML)',
    remedy: `the download delivered a page instead of the file: ${fetchAgain}`,
    matches: matching(/^\S{0,3}\s*(<\?xml[^>]*>\s*)?(<!--[^>]*>\s*)?<(!doctype html|html|head|body|script|meta|title)\b/i),
  },
  { what: 'XML', remedy: `the download may have delivered an error: ${fetchAgain}`, matches: matching(/^\S{0,3}\s*<(\?xml|[a-z])/i) },

  {
    what: 'a TorchScript archive, a program with its weights',
    remedy: "in Python, torch.save(torch.jit.load(path).state_dict(), 'weights.pth') keeps the weights",
    // torch.save writes neither of these entries.
    matches: zipWith(/(^|\/)(constants\.pkl$|code\/__torch__)/),
  },
  {
    what: 'a torch.export program (.pt2)',
    remedy: "in Python, torch.save(torch.export.load(path).state_dict, 'weights.pth') keeps the weights",
    matches: zipWith(/(^|\/)(serialized_exported_program\.json|archive_format)$/),
  },
  { what: 'a torch.save file', format: 'pytorch', matches: zipWith(/(^|\/)data\.pkl$/) },
  {
    what: 'NumPy arrays in a ZIP (.npz)',
    remedy: "in Python, safetensors.numpy.save_file(dict(numpy.load(path)), 'weights.safetensors') keeps them",
    matches: zipWith(/\.npy$/),
  },
  {
    what: 'a Keras network (.keras)',
    remedy: 'save its arrays in Python as safetensors or .npy',
    matches: zipWith(/^(model\.weights\.h5|keras_metadata\.pb)$/),
  },
  { what: 'a truncated ZIP archive (torch.save writes ZIP archives)', remedy: again, isBroken: true, matches: isTruncatedZip },
  { what: 'a ZIP archive, but not from torch.save', remedy: unpack, matches: startsWith('PK\x03\x04', 'PK\x05\x06') },

  { what: 'an HDF5 file (Keras writes these)', remedy: 'save its arrays in Python as safetensors or .npy', matches: isHdf5 },
  { what: 'a TensorFlow Lite network', matches: hasAt(4, 'TFL3') },
  { what: 'an ExecuTorch program', remedy: stateDict, matches: hasAt(4, 'ET12') },
  { what: 'a GGUF file (llama.cpp)', matches: matching(/^(GGUF|ggml|lmgg|tjgg|fmgg)/) },
  { what: 'a MATLAB file', matches: startsWith('MATLAB 5.0 MAT-file') },
  { what: 'a Parquet file', matches: startsWith('PAR1') },
  { what: 'an SQLite database', matches: startsWith('SQLite format 3\0') },

  { what: 'a gzip archive', remedy: 'unpack it (gunzip) and pass the file inside', matches: startsWith('\x1f\x8b') },
  { what: 'a bzip2 archive', remedy: 'unpack it (bunzip2) and pass the file inside', matches: matching(/^BZh[1-9]/) },
  { what: 'an xz archive', remedy: 'unpack it (unxz) and pass the file inside', matches: startsWith('\xfd7zXZ\0') },
  { what: 'a Zstandard archive', remedy: 'unpack it (unzstd) and pass the file inside', matches: startsWith('\x28\xb5\x2f\xfd') },
  { what: 'an LZ4 archive', remedy: 'unpack it (unlz4) and pass the file inside', matches: startsWith('\x04\x22\x4d\x18') },
  { what: 'a 7z archive', remedy: unpack, matches: startsWith("7z\xbc\xaf'\x1c") },
  { what: 'a RAR archive', remedy: unpack, matches: startsWith('Rar!\x1a\x07') },
  { what: 'a tar archive', remedy: unpack, matches: hasAt(257, 'ustar') },

  { what: 'a PDF document', matches: startsWith('%PDF-') },
  { what: 'a PNG image', isImage: true, matches: startsWith('\x89PNG\r\n\x1a\n') },
  { what: 'a JPEG image', isImage: true, matches: startsWith('\xff\xd8\xff') },
  { what: 'a GIF image', isImage: true, matches: matching(/^GIF8[79]a/) },
  { what: 'a WebP image', isImage: true, matches: hasAt(8, 'WEBP') },
  { what: 'a TIFF image', isImage: true, matches: startsWith('II*\0', 'MM\0*', 'II+\0', 'MM\0+') },
  { what: 'an AVIF image', isImage: true, matches: matching(/^....ftyp(avi[fs]|mif1.{4}(.{4}){0,8}avif)/s) },
  { what: 'a BMP image', matches: (_, text) => text.startsWith('BM') && text.startsWith('\0\0\0\0', 6) },
  { what: 'an idx file (the format of MNIST)', matches: isIdx },

  { what: 'a Python pickle', format: 'pytorch', matches: isPickle },
  { what: 'a TensorFlow SavedModel', matches: (bytes) => protobufFields(bytes)?.join() === '1,2' && bytes[1] === 1 },
  { what: 'an ONNX network', remedy: stateDict, matches: isOnnx },
  {
    what: 'JSON',
    remedy: 'it may be an error message of the download, or an index of weights files: open it to see',
    matches: matching(/^\S{0,3}\s*(\{\s*["}]|\[\s*[[{"\d\]-])/),
  },
];

/** @returns undefined if the first bytes do not identify the file */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, textBytes)).toString('latin1');
  let names: readonly string[] | undefined;
  const entries = () => {
    names ??= zipEntries(bytes);
    return names;
  };
  const known = kinds.find(({ matches }) => matches(bytes, text, entries));
  const isText = /[a-z]/i.test(text) && !/[^\s -~\u0080-\u00ff]/.test(text);
  if (known || !isText) return known;
  return { what: `text that begins with ${quoted(text.slice(0, 40))}`, remedy: 'open it to see what the download delivered' };
}

/**
 * What a file is, and what to do if another one was expected, as the end of a sentence: "a web page (HTML): the download delivered ...".
 * @returns undefined if the first bytes do not identify the file
 */
export function describeFile(bytes: Uint8Array): string | undefined {
  const kind = fileKind(bytes);
  return kind && (kind.remedy === undefined ? kind.what : `${kind.what}: ${kind.remedy}`);
}

/** A u64 length, then a header that starts with {. The file may be truncated. */
function isSafetensors(bytes: Uint8Array, text: string): boolean {
  return text[8] === '{' && [4, 5, 6, 7].every((byte) => bytes[byte] === 0);
}

/** The signature may follow a user block. */
function isHdf5(_: Uint8Array, text: string): boolean {
  return [0, 512].some((start) => text.startsWith('\x89HDF\r\n\x1a\n', start));
}

/**
 * Protocol 2 and later start with PROTO. Protocols 0 and 1 start with the magic number of legacy torch.save files, or with the opcodes of a
 * dict, list, tuple or object.
 */
function isPickle(bytes: Uint8Array, text: string): boolean {
  if (bytes[0] === 0x80) return bytes[1]! >= 2 && bytes[1]! <= 5;
  return (
    /^L119547037146038801333356L?\n\./.test(text) ||
    (bytes.at(-1) === 0x2e && /^(\(*[dl]p\d+\n|\(*[}\]]q|\(*c[\w.]+\n[\w.]+\n|\([dl][.(])/.test(text))
  );
}

/** An idx file starts with two zeros, a type, a rank, and sizes of four bytes each. */
function isIdx(bytes: Uint8Array): boolean {
  const [zero, alsoZero, type = 0, rank = 0] = bytes;
  return zero === 0 && alsoZero === 0 && type >= 0x08 && type <= 0x0e && rank >= 1 && rank <= 4 && bytes.length >= 4 + 4 * rank;
}

/** The numbers of the first two fields of a protocol buffer whose first field is a small integer. */
function protobufFields(bytes: Uint8Array): [number, number] | undefined {
  const [first = 0, value = 0, second = 0] = bytes;
  return first === 0x08 && value >= 1 && value <= 32 && (second & 7) === 2 ? [1, second >> 3] : undefined;
}

/** ModelProto: ir_version = 1, then producer_name = 2, producer_version = 3, domain = 4, doc_string = 6, graph = 7 or opset_import = 8. */
function isOnnx(bytes: Uint8Array): boolean {
  const [, second] = protobufFields(bytes) ?? [];
  return second !== undefined && [2, 3, 4, 6, 7, 8].includes(second);
}

/** The smallest size of an entry in the directory of a ZIP. */
const zipEntryBytes = 46;

function zipEntries(bytes: Uint8Array): string[] {
  const names: string[] = [];
  // fflate trusts the number of entries in a damaged file. No entry is unpacked here.
  const list = ({ name }: { name: string }): boolean => {
    if (names.push(name) * zipEntryBytes > bytes.length) throw new Error('more entries than the file has room for');
    return false;
  };
  try {
    unzipSync(bytes, { filter: list });
  } catch {
    return [];
  }
  return names;
}

/** The directory is at the end of a ZIP, so a truncated one has no entries. */
function isTruncatedZip(_: Uint8Array, text: string, entries: () => readonly string[]): boolean {
  return text.startsWith('PK\x03\x04') && entries().length === 0;
}
