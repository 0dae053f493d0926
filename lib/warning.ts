// Warnings that nobody asked for, and that the process may turn off.
import { escapeControls } from './quoted';

/** A process warning of type AdderNetWarning. */
export const warn = (code: string, message: string): void =>
  process.emitWarning(escapeControls(message), { type: 'AdderNetWarning', code });
