import { escapeControls } from './quoted';

export const warn = (code: string, message: string): void => console.warn(`AdderNetWarning [${code}]: ${escapeControls(message)}`);
