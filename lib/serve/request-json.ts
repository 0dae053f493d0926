// Parses the JSON of requests, and formats values of requests for messages.
import { TextDecoder } from 'node:util';
import { escapeControls } from '../quoted';
import { badRequest } from './http-error';

/** In bytes: JSON up to this length takes a few milliseconds at worst. */
export const maxAtOnce = 1 << 16;

export type Json = Record<string, unknown>;

/** Long arrays of numbers are Buffers of their text. */
const isArray = (value: unknown): boolean => Array.isArray(value) || Buffer.isBuffer(value);

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !isArray(value);

/**
 * Parses a JSON object; a byte order mark is skipped.
 * @throws {HttpError} 400 unless the bytes are one JSON object, and no more than can be parsed at once
 */
export function parseRequestJson(bytes: Uint8Array): Json {
  if (bytes.length > maxAtOnce) throw badRequest(`the body has ${bytes.length} bytes of JSON, expected at most ${maxAtOnce}`);
  let request: unknown;
  try {
    request = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw badRequest(`the body is not valid JSON: ${escapeControls((cause as Error).message)}`); // which quotes a part of it
  }
  if (!isObject(request)) throw badRequest(`the body is ${kindOf(request)}, expected an object`);
  return request;
}

/** The parameters of `owner` as an object, which is empty if there are none. */
export function parametersOf(owner: string, parameters: unknown): Json {
  if (parameters === undefined || parameters === null) return {};
  if (!isObject(parameters)) throw badRequest(`parameters of ${owner} is ${kindOf(parameters)}, expected an object`);
  return parameters;
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * Formats a value for a message, in which it cannot control a terminal. Long or nested values are only described, because JSON.stringify
 * overflows the stack on deep nesting.
 */
export function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.length <= 8 && value.every(isShort) ? textOf(value) : `an array of ${value.length} elements`;
  if (Buffer.isBuffer(value)) return `an array of ${value.length} bytes`;
  if (typeof value === 'string') return isShort(value) ? `'${textOf(value).slice(1, -1)}'` : `a string of ${value.length} characters`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

const textOf = (value: string | unknown[]): string => escapeControls(JSON.stringify(value));

const isShort = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= 100 : typeof value !== 'object' || value === null;
