/** How messages call a value: by its class if it is an object, else by itself. */
export const nameOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? `a ${value.constructor?.name || 'plain object'}` : String(value).slice(0, 60);
