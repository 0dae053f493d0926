// Tells clients apart by their addresses.
import type { Socket } from 'node:net';

/** One host owns a whole /64 of IPv6 addresses, so only their first 64 bits count. */
export function clientKey({ remoteAddress = '' }: Pick<Socket, 'remoteAddress'>): string {
  const address = remoteAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::') as [string, string?];
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined)
    groups.push(...Array<string>(8 - groups.length - (tail === '' ? 0 : tail.split(':').length)).fill('0'), ...tail.split(':'));
  return groups.slice(0, 4).join(':');
}
