// Without a token, a web page that anyone on this machine or in its network visits could use the server: through a name of its own that
// resolves to the server's address (DNS rebinding), or by requests that browsers send to other sites. Both show in headers that pages cannot
// change.
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { escapeControls } from '../quoted';
import { HttpError } from './http-error';
import { valueText } from './request-json';

/**
 * @param hosts names under which the server may be addressed, besides IP addresses, localhost and the name of the machine; '*' is any
 * @returns what throws an HttpError 403 if the request is for another host, or was sent by a page of another one
 */
export function hostCheck(hosts: readonly string[]): (headers: IncomingHttpHeaders) => void {
  const allowed = new Set(['localhost', hostname(), ...hosts].map((name) => name.toLowerCase()));
  const isAllowed = (name: string): boolean => allowed.has('*') || allowed.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0;
  let lastAllowed: string | undefined;
  return ({ host, origin, 'sec-fetch-site': site }) => {
    // HTTP/1.0 needs no Host; browsers always send one.
    if (host !== undefined && host !== lastAllowed && !isAllowed(nameOf(host)))
      throw new HttpError(
        403,
        `the host ${valueText(host)} is not one of this server: start it with --allow-host ${escapeControls(nameOf(host).slice(0, 253))}, or with a token (ADDERNET_TOKEN)`,
      );
    lastAllowed = host;
    if (site === 'same-origin') return; // the Host of a request that came through a proxy may be the proxy's name for the server
    if (site === 'cross-site' || site === 'same-site' || (origin !== undefined && hostOf(origin) !== host?.toLowerCase()))
      throw new HttpError(
        403,
        `the request was sent by a page of another site, ${valueText(origin ?? 'unknown')}: only a server with a token (ADDERNET_TOKEN) accepts that`,
      );
  };
}

/** Without the port, and without the dot that ends an absolute name. */
const nameOf = (host: string): string => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

const hostOf = (origin: string): string | undefined => /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]?.toLowerCase();
