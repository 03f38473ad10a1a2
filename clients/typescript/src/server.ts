/** Where the server is, and who asks it. */
import { type AnsweredError, MienError } from './errors.ts';

export interface ServerOptions {
  /** Such as `http://127.0.0.1:4000`; left out, in a page: where the page came from. */
  url?: string | URL;
  /**
   * `mien_…`, or a JSON Web Token of the server's issuer; a function is asked before each request and connection. Left out, or
   * undefined: the cookie of a page that is signed in, or nobody, where the server asks nobody.
   */
  token?: string | (() => Token | Promise<Token>);
  /** What requests are sent by, instead of the global `fetch`. */
  fetch?: typeof fetch;
  /** Called when the server does not know who asks, or does not any more. */
  onUnauthenticated?: (error: MienError) => void;
}

type Token = string | undefined;

export interface Server {
  /** @param path such as `graphql`, below the server's own address. @throws TypeError: what was given is none */
  at(path: string): URL;
  /** @throws what the function that gives the token throws; TypeError: no header can have that token */
  headers(): Promise<Record<string, string>>;
  fetch: typeof fetch;
  /** Whether it is at this address: it has answered there, or the page came from there. */
  isKnown(): boolean;
  /** @throws MienError the first of its errors */
  dataOf<T>(answer: Answer): T;
}

export interface Answer {
  data?: unknown;
  errors?: readonly AnsweredError[];
  extensions?: { cursor?: string };
}

export function createServer({ url, token, fetch: own, onUnauthenticated }: ServerOptions): Server {
  let isKnown = url === undefined;
  return {
    at(path) {
      const base = addressOf(url);
      // Behind a proxy it may lie in a folder.
      if (!base.pathname.endsWith('/') && url !== undefined) base.pathname += '/';
      return new URL(path, base);
    },
    async headers() {
      const secret = typeof token === 'function' ? await token() : token;
      if (secret === undefined) return {};
      const authorization = `Bearer ${secret}`;
      // Who sends it would say only that nothing came back.
      new Headers({ authorization });
      return { authorization };
    },
    fetch: (input, init) => (own ?? globalThis.fetch)(input, init),
    isKnown: () => isKnown,
    dataOf<T>({ data, errors }: Answer) {
      isKnown = true;
      const [first] = errors ?? [];
      if (first === undefined) return data as T;
      const error = new MienError(first);
      if (error.code === 'UNAUTHENTICATED') onUnauthenticated?.(error);
      throw error;
    },
  };
}

function addressOf(given: string | URL | undefined): URL {
  const text = String(given ?? pageAddress());
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return url;
  const fault = url?.username ? 'has a name in it, which `fetch` refuses' : 'is no address of a server';
  throw new TypeError(`"${text}" ${fault}: give \`url\` such as "http://127.0.0.1:4000".`);
}

function pageAddress(): string {
  const { document } = globalThis as { document?: { baseURI: string } };
  if (document === undefined) throw new TypeError('Say where mien is: createMien({ url: "http://…" }).');
  return document.baseURI;
}
