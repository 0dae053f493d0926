/** What something is called in messages: the class of an object, or the value itself. */
export const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `a ${value.constructor?.name || 'plain object'}` : String(value).slice(0, 60);
