/** Tests that take minutes in full have a short form in the suite. */
export const isLong = process.env.ADDERNET_LONG === '1';
