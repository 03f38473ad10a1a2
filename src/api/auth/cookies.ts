/**
 * The cookies of signing in. No script reads them, no other site's page has them sent (SameSite=Strict), and where people come by
 * https no other host can set them (`__Host-`, RFC 6265bis).
 */
import type { IncomingMessage } from 'node:http';

/** Who is signed in. */
export const SESSION_COOKIE = 'mien_session';
/** What was begun at an issuer, until its answer. */
export const FLOW_COOKIE = 'mien_flow';

export type CookieName = typeof SESSION_COOKIE | typeof FLOW_COOKIE;

/** @param secure whether people come by https @returns null where there is none, or more than one that could be meant */
export function readCookie({ headers }: IncomingMessage, name: CookieName, secure: boolean): string | null {
  const wanted = nameOf(name, secure);
  const values = (headers.cookie ?? '').split(';').flatMap((pair) => {
    const [key = '', value = ''] = pair.trim().split('=', 2);
    return key === wanted && value !== '' ? [value] : [];
  });
  return values.length === 1 ? values[0]! : null;
}

/** @param seconds how long the browser keeps it; 0: no longer @returns for `set-cookie` */
export function writeCookie(name: CookieName, value: string, seconds: number, secure: boolean): string {
  const parts = [
    `${nameOf(name, secure)}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${seconds}`,
  ];
  return [...parts, ...(secure ? ['Secure'] : [])].join('; ');
}

export function clearCookie(name: CookieName, secure: boolean): string {
  return writeCookie(name, '', 0, secure);
}

function nameOf(name: CookieName, secure: boolean): string {
  return secure ? `__Host-${name}` : name;
}
