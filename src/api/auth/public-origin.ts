/** Under which origin people came, behind a proxy too. */
import type { IncomingMessage } from 'node:http';
import { MienError } from '../../errors.ts';

/** @param publicUrls web origins under which people reach the server */
export function publicOrigin(
  { headers: { host = 'localhost' } }: IncomingMessage,
  publicUrls: readonly string[],
): string {
  return publicUrls.find((url) => isHostOf(url, host)) ?? `http://${host}`;
}

/** Some proxies name the port also where it is the scheme's own, which browsers leave out. */
function isHostOf(url: string, asked: string): boolean {
  const { protocol, host } = new URL(url);
  const address = `${protocol}//${asked}`;
  return URL.canParse(address) && new URL(address).host === host;
}

/** Whether browsers came by https, and keep cookies for that alone. */
export function cameByHttps(request: IncomingMessage, publicUrls: readonly string[]): boolean {
  return publicOrigin(request, publicUrls).startsWith('https:');
}

/**
 * Signing in and out is for this server's own pages alone, whatever other pages may call it: else one could sign somebody in as
 * somebody else. Browsers name the page with every POST.
 * @throws MienError FORBIDDEN
 */
export function assertOwnPage(request: IncomingMessage, publicUrls: readonly string[]): void {
  const { origin, 'sec-fetch-site': site = 'same-origin' } = request.headers;
  if (origin === publicOrigin(request, publicUrls) && site === 'same-origin') return;
  throw new MienError(
    'FORBIDDEN',
    'Only the sign-in page of this server may do this. Programs send their token with each request instead: `authorization: Bearer …`.',
  );
}
