import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { MienError } from '../../../errors.ts';
import { type Login, loginOf } from '../login.ts';
import type { SafeConnector } from '../safe-connect.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';

export interface Reply {
  /** Where it came from, redirects followed. */
  url: URL;
  message: IncomingMessage;
}

/** The web as one source may see it. Each connection is resolved, checked and opened here. */
export interface UpstreamHttp {
  /**
   * Follows redirects, answers a demand for a login with that of the source's own URL, and gives the answer that is
   * neither. Throws SOURCE_REFUSED, SOURCE_UNREACHABLE.
   */
  get(url: URL, range?: string): Promise<Reply>;
  /** Closes all connections. */
  close(): void;
}

const MAX_REDIRECTS = 8;

export function createUpstreamHttp(connector: SafeConnector): UpstreamHttp {
  const visit: Visit = {
    connector,
    sockets: new Set(),
    closed: false,
    jar: createCookieJar(),
    logins: new Map(),
  };
  return {
    async get(target, range) {
      let url = target;
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const message = await getWithLogin(visit, url, range);
        const status = message.statusCode ?? 0;
        if (status >= 200 && (status < 300 || status >= 400)) return { url, message };
        message.destroy();
        url = redirected(url, message);
      }
      throw new MienError('SOURCE_UNREACHABLE', `${target.hostname} redirects without end; check the URL.`);
    },
    close() {
      visit.closed = true;
      for (const socket of visit.sockets) socket.destroy();
    },
  };
}

/** What one source is known by, and knows, on its way through the web. */
interface Visit {
  connector: SafeConnector;
  /** Those that are open. */
  sockets: Set<Socket>;
  closed: boolean;
  jar: CookieJar;
  /** A login belongs to the scheme, host and port in whose address it was given. */
  logins: Map<string, Login>;
}

async function getWithLogin(visit: Visit, url: URL, range: string | undefined): Promise<IncomingMessage> {
  const login = visit.logins.get(url.origin) ?? loginOf(url);
  if (login) visit.logins.set(url.origin, login);
  const message = await getOnce(visit, url, range, login);
  const challenge = message.headers['www-authenticate'] ?? '';
  if (message.statusCode !== 401 || !login?.accept(challenge)) return message;
  message.destroy();
  return getOnce(visit, url, range, login);
}

async function getOnce(
  visit: Visit,
  url: URL,
  range: string | undefined,
  login: Login | null,
): Promise<IncomingMessage> {
  const { connector, sockets, jar } = visit;
  const tls = url.protocol === 'https:';
  const socket = await connector.connect(url.hostname, Number(url.port) || (tls ? 443 : 80), { tls });
  sockets.add(socket.on('close', () => sockets.delete(socket)));
  if (visit.closed) socket.destroy();
  const path = url.pathname + url.search;
  const authorization = login?.authorization('GET', path);
  const cookie = jar.cookiesFor(url);
  const headers = {
    host: url.host,
    'user-agent': 'mien',
    accept: '*/*',
    'accept-encoding': 'identity',
    connection: 'close',
    ...(range && { range }),
    ...(authorization && { authorization }),
    ...(cookie && { cookie }),
  };
  const sent = request({ createConnection: () => socket, method: 'GET', path, headers });
  sent.end();
  const message = await waitForResponse(sent, url.hostname, connector.connectSeconds);
  message.on('close', () => socket.destroy());
  jar.keep(url, message.headers['set-cookie']);
  return message;
}

function redirected(from: URL, { statusCode, headers }: IncomingMessage): URL {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(statusCode ?? 0) || location === undefined) {
    throw new MienError('SOURCE_UNREACHABLE', `${from.hostname} answered ${statusCode}; check the URL.`);
  }
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (to && isHttp(to)) return to;
  throw new MienError(
    'SOURCE_REFUSED',
    `${from.hostname} redirects to what is no address of HTTP; register that itself.`,
  );
}

export const isHttp = ({ protocol }: URL): boolean => protocol === 'http:' || protocol === 'https:';

/** Throws SOURCE_UNREACHABLE when no header has come within `seconds`. */
function waitForResponse(sent: ClientRequest, host: string, seconds: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new MienError('SOURCE_UNREACHABLE', `${host} ${why}.`));
    const timer = setTimeout(() => {
      sent.destroy();
      fail(`took the request and did not answer it within ${seconds} s; check that it is well`);
    }, seconds * 1000);
    // Also an error after the answer: what reads its body is told by the body's own.
    sent.on('error', () => {
      clearTimeout(timer);
      fail('broke off the connection; check that it speaks HTTP on this port');
    });
    sent.once('upgrade', (_, socket) => socket.destroy(new Error('not asked for')));
    sent.once('response', (message) => {
      clearTimeout(timer);
      resolve(message);
    });
  });
}

/** What a status of 400 and more means. @param words the server's own, which may be anything */
export function statusError(host: string, status: number, words = ''): MienError {
  const text = words.replaceAll(/[^\x20-\x7e]/g, '').slice(0, 100);
  const hint = STATUS_HINTS[status] ?? (status >= 500 ? 'try again later' : 'check the URL');
  return new MienError('SOURCE_UNREACHABLE', `${host} answered ${status}${text && ` ${text}`}; ${hint}.`);
}

const STATUS_HINTS: Record<number, string> = {
  401: 'put the user and password into the URL',
  403: 'it does not allow mien to read this',
  404: 'there is nothing at this URL, check it',
  410: 'what was at this URL is gone',
};
