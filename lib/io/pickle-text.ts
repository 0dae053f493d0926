// Parses arguments that protocols 0 and 1 write as lines of text. All functions return undefined for invalid text.

/** Python's own limit, because parsing an integer takes quadratic time. */
const maxDigits = 4300;

/** A number if it is exact, otherwise a bigint. */
export const exactNumber = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** Parses 12, -12 or 12L. */
export function integerOf(text: string): number | bigint | undefined {
  return /^[-+]?\d+L?$/.test(text) && text.length <= maxDigits ? exactNumber(BigInt(text.replace(/^\+|L$/g, ''))) : undefined;
}

/** Parses a float as written by Python's repr. */
export function floatOf(text: string): number | undefined {
  if (/^[-+]?inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[-+]?nan$/.test(text)) return Number.NaN;
  return /^[-+\d.e]+$/i.test(text) && !Number.isNaN(Number(text)) ? Number(text) : undefined;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** Parses a quoted Python 2 string, whose bytes become the characters 0 to 255. */
export function stringOf(text: string): string | undefined {
  const inner = /^(['"])(.*)\1$/s.exec(text)?.[2];
  return inner?.replace(/\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|(.))/gs, (_, hex, octal, letter) => {
    if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    return escapes[letter] ?? letter;
  });
}

/** Parses text in which all characters outside Latin-1 are escaped as \uXXXX or \UXXXXXXXX. */
export function unicodeOf(text: string): string | undefined {
  let isText = true;
  const decoded = text.replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (_, short, long) => {
    const point = Number.parseInt(short ?? long, 16);
    isText &&= point <= 0x10ffff;
    return isText ? String.fromCodePoint(point) : '';
  });
  return isText ? decoded : undefined;
}
