/** Cookies for one run: some servers of HLS hand a key of entry out with the playlist. */
export interface CookieJar {
  /** Of those that this scheme, host and port has set; no other gets them. Undefined: there are none. */
  cookiesFor(url: URL): string | undefined;
  keep(url: URL, setCookie: string[] | undefined): void;
}

/** Of one origin. */
const MAX_COOKIES = 50;
const MAX_ORIGINS = 100;

export function createCookieJar(): CookieJar {
  const origins = new Map<string, Map<string, string>>();
  return {
    cookiesFor({ origin }) {
      const cookies = [...(origins.get(origin) ?? [])];
      return cookies.map(([name, value]) => `${name}=${value}`).join('; ') || undefined;
    },
    keep({ origin }, setCookie = []) {
      const cookies = origins.get(origin) ?? new Map<string, string>();
      for (const line of setCookie) {
        const [, name, value] =
          /^([\w!#$%&'*+.^`|~-]{1,200})=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e"]{0,4000})/.exec(line) ??
          [];
        if (name && value !== undefined && (cookies.has(name) || cookies.size < MAX_COOKIES))
          cookies.set(name, value);
      }
      if (cookies.size > 0 && (origins.has(origin) || origins.size < MAX_ORIGINS))
        origins.set(origin, cookies);
    },
  };
}
