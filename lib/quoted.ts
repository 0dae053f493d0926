const maxLength = 100;

/** Untrusted text for messages, truncated, and escaped so that it cannot control a terminal. */
export const quoted = (text: string): string =>
  escapeControls(JSON.stringify(text.length > maxLength ? `${text.slice(0, maxLength)}…` : text));

/** What terminals obey: C0 and C1 controls, and characters that break a line or reverse the direction of writing. */
export const controls = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** The same compact JSON without the controls that JSON.stringify leaves as they are. */
export const escapeControls = (json: string): string =>
  json.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Up to six texts, and the number of the others. */
export const shortList = (texts: readonly string[]): string =>
  texts.slice(0, 6).join(', ') + (texts.length > 6 ? ` and ${texts.length - 6} more` : '');
/** Up to six names from an untrusted source. */
export const nameList = (names: readonly string[]): string => shortList(names.map(quoted));

/**
 * Formats an invalid value for a message; '3' and 3 look different. Only the outer two levels of lists are shown, because a file may nest them
 * endlessly.
 */
export function shown(value: unknown, depth = 2): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return depth === 0 ? '[…]' : listText(value, depth - 1);
  const type = Object.prototype.toString.call(value).slice('[object '.length, -1); // Float32Array, Map and so on
  return typeof value !== 'object' || value === null ? String(value).slice(0, maxLength) : type === 'Object' ? 'an object' : type;
}

const maxShown = 10;
const listText = (list: readonly unknown[], depth: number): string =>
  `[${list
    .slice(0, maxShown)
    .map((item) => shown(item, depth))
    .join(',')}${list.length > maxShown ? ',…' : ''}]`;
