/** Hosts as sockets take them, and as URLs write them: an IPv6 address is `::1` to the one and `[::1]` to the other. */

export function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** @param host without brackets */
export function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
