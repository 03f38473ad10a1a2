/**
 * Under which names this server may be asked for. A page of an attacker whose DNS points its own name at this machine
 * counts as the server's own page in the browser (DNS rebinding), and sends no `Origin` with what it reads; but the name
 * stands in `Host`. Ports are not compared: rebinding changes what a name means and never a port, and a server behind a
 * container's port mapping or a tunnel does not know the port that people use.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';

export interface HostPolicy {
  /** Whether the request names loopback, the address that the server listens on, or a public one of its own. */
  knows(request: IncomingMessage): boolean;
  /** Whether it came by an address rather than a name, which no DNS can point elsewhere: probes do. */
  isAddress(request: IncomingMessage): boolean;
}

/** @param options.host what the server listens on; @param options.publicUrls web origins under which it is reached */
export function createHostPolicy({
  host,
  publicUrls,
}: {
  host: string;
  publicUrls: readonly string[];
}): HostPolicy {
  const own = new Set([canonical(host), ...publicUrls.map((url) => withoutBrackets(new URL(url).hostname))]);
  return {
    // Browsers always send it; a program that speaks HTTP/1.0 may not.
    knows({ headers: { host: asked } }) {
      if (asked === undefined) return true;
      const name = nameOf(asked);
      return name !== null && (isLoopback(name) || (own.has(name) && !UNSPECIFIED.includes(name)));
    },
    isAddress: ({ headers: { host: asked } }) => isIP(nameOf(asked ?? '') ?? '') !== 0,
  };
}

/** @param name without a port, an IPv6 address without brackets */
export function isLoopback(name: string): boolean {
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/** What a server listens on that listens everywhere; as a name it says nothing. */
const UNSPECIFIED = ['0.0.0.0', '::'];

/** The name in a `Host` header, in lower case; null where it is none. */
export function nameOf(header: string): string | null {
  const [, address, name] = /^(?:\[([\da-f:.]+)\]|([^:/?#@\\[\]\s]+))(?::\d{1,5})?$/i.exec(header) ?? [];
  const asked = address ?? name;
  return asked === undefined ? null : canonical(asked);
}

/** In lower case, and an IPv6 address as browsers write it, whose groups may be written in many ways (RFC 5952). */
function canonical(name: string): string {
  return isIP(name) === 6
    ? withoutBrackets(new URL(`http://[${name.split('%')[0]}]`).hostname)
    : name.toLowerCase();
}
