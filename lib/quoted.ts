const maxLength = 100;

/** Untrusted text for messages, truncated, and escaped so that it cannot control a terminal. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** Up to six texts, and the number of the others. */
export const shortList = (texts: readonly string[]): string =>
  texts.slice(0, 6).join(', ') + (texts.length > 6 ? ` and ${texts.length - 6} more` : '');
/** Up to six names from an untrusted source. */
export const nameList = (names: readonly string[]): string => shortList(names.map(quoted));

/** Formats an invalid value for a message; '3' and 3 look different. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.slice(0, 10).map(shown).join(',')}${value.length > 10 ? ',…' : ''}]`;
  const type = Object.prototype.toString.call(value).slice('[object '.length, -1); // Float32Array, Map and so on
  return typeof value !== 'object' || value === null ? String(value) : type === 'Object' ? 'an object' : type;
}
