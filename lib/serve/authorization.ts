// A bearer token, compared in a time that tells nothing of it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './http-error';

/** @throws {HttpError} 401 unless the header Authorization is `Bearer <token>` */
export function checkToken(authorization: string | undefined, token: string): void {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  // Digests, since only what has one length can be compared in constant time.
  if (given === undefined || !timingSafeEqual(digest(given), digest(token)))
    throw new HttpError(401, 'a token is needed: Authorization: Bearer <token>');
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
