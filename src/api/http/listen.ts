/** On what the server listens, and where it is found then. */
import type { Server } from 'node:http';
import { hostInUrl } from '../../domain/ipv6-brackets.ts';

/** Where a server that listens everywhere is found. */
export const LOOPBACK_OF_ANY: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** As a browser would be given it. */
export function displayHost(host: string): string {
  if (host === '127.0.0.1' || host === '0.0.0.0' || host === '::' || host === '::1') return 'localhost';
  return hostInUrl(host);
}
