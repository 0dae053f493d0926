// The JSON of responses. A client may show it on a terminal, and names in it come from model files and requests.
import { escapeControls } from '../quoted';

export const responseJson = (value: unknown): string => escapeControls(JSON.stringify(value));
