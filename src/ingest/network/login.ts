import { createHash, randomBytes } from 'node:crypto';

/** The user and password of a source, kept from ffmpeg: whoever speaks to the server answers its challenges with them. */
export interface Login {
  /** The `Authorization` for a request; undefined until the server has asked for one. */
  authorization(method: string, uri: string): string | undefined;
  /** Takes the server's `WWW-Authenticate`; false: it asks for what is not known here. */
  accept(challenge: string): boolean;
}

/** Of a URL that has a user; null: it has none. */
export function loginOf({ username, password }: URL): Login | null {
  if (!username) return null;
  const user = decoded(username);
  const secret = decoded(password);
  const basic = `Basic ${Buffer.from(`${user}:${secret}`, 'latin1').toString('base64')}`;
  let answer: Login['authorization'] = () => undefined;
  return {
    authorization: (method, uri) => answer(method, uri),
    accept(challenge) {
      const digest = digestIn(challenge);
      if (digest) answer = digestAnswer(digest, user, secret);
      else if (/(?:^|,)[ \t]*Basic(?:[ \t]|$)/i.test(challenge)) answer = () => basic;
      else return false;
      return true;
    },
  };
}

const HASHES: Record<string, string> = { MD5: 'md5', 'SHA-256': 'sha256' };

interface DigestChallenge {
  realm: string;
  nonce: string;
  opaque: string | undefined;
  algorithm: string;
  /** Whether the server knows `qop=auth` of RFC 2617. */
  qop: boolean;
}

/** The first challenge for Digest that we can answer. Servers write one header or several, which are joined by commas. */
function digestIn(challenge: string): DigestChallenge | undefined {
  for (const part of challenge.split(/\bDigest[ \t]/i).slice(1)) {
    const found = new Map<string, string>();
    for (const [, name = '', quoted, plain = ''] of part.matchAll(
      /([a-z]{1,20})=(?:"([^"]{0,2000})"|([^\s,"]{0,200}))/gi,
    )) {
      if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), quoted ?? plain);
    }
    const algorithm = (found.get('algorithm') ?? 'MD5').toUpperCase();
    const [realm, nonce] = [found.get('realm'), found.get('nonce')];
    const qops = found
      .get('qop')
      ?.split(',')
      .map((word) => word.trim());
    const answerable = algorithm in HASHES && (!qops || qops.includes('auth'));
    if (realm === undefined || nonce === undefined || !answerable) continue;
    return { realm, nonce, algorithm, qop: qops !== undefined, opaque: found.get('opaque') };
  }
  return undefined;
}

/** RFC 7616, and RFC 2069 where the server names no `qop`. */
function digestAnswer(challenge: DigestChallenge, user: string, secret: string): Login['authorization'] {
  const { realm, nonce, opaque, algorithm, qop } = challenge;
  const hash = (...parts: string[]) =>
    createHash(HASHES[algorithm]!).update(parts.join(':'), 'latin1').digest('hex');
  const who = hash(user, realm, secret);
  let count = 0;
  return (method, uri) => {
    const what = hash(method, uri);
    const cnonce = randomBytes(8).toString('hex');
    const nc = (++count).toString(16).padStart(8, '0');
    const response = qop ? hash(who, nonce, nc, cnonce, 'auth', what) : hash(who, nonce, what);
    const quoted = Object.entries({
      username: user.replaceAll(/["\\]/g, '\\$&'),
      realm,
      nonce,
      uri,
      response,
      opaque,
    });
    return `Digest ${[
      ...quoted.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}="${value}"`),
      `algorithm=${algorithm}`,
      ...(qop ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    ].join(', ')}`;
  };
}

/** As bytes in UTF-8, each a letter of its own: headers are bytes. No line can be broken in it. */
function decoded(text: string): string {
  return Buffer.from(percentDecoded(text).replaceAll(/\p{Cc}/gu, '')).toString('latin1');
}

export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign is itself
  }
}
