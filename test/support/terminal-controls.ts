/** What must not reach a terminal: controls, but for line breaks, and what reverses writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
export const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
