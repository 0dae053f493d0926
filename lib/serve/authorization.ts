// Checks a bearer token in constant time, so that the time says nothing about the token.
import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './http-error';

/** @throws {HttpError} 401 unless the header Authorization is `Bearer <token>` */
export function checkToken(authorization: string | undefined, token: string): void {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  // Digests are compared because timingSafeEqual needs buffers of equal length.
  if (given === undefined || !timingSafeEqual(digest(given), digest(token)))
    throw new HttpError(401, 'a token is needed: Authorization: Bearer <token>');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
