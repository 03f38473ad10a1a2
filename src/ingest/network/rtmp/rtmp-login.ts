/**
 * The login of an RTMP source, kept from ffmpeg. A server refuses `connect` with a description of what it wants; it is asked
 * again in a new connection, with an answer behind the name of the application: first the user, then a digest of the
 * password. Adobe (`authmod=adobe`) and Limelight (`authmod=llnw`) made that up, and ffmpeg's `rtmpproto.c` has it so.
 */
import { createHash, randomBytes } from 'node:crypto';
import { MienError } from '../../../errors.ts';
import { percentDecoded } from '../login.ts';
import { namesIn } from './rtmp-names.ts';

export interface RtmpLogin {
  /**
   * What is to be said behind the name of the application, for the description of a refusal.
   * Throws SOURCE_UNREACHABLE: it wants a login that is not there, is wrong, or is of no known kind.
   */
  answer(description: string): string;
}

/** Whether a refusal asks for a login. */
export function wantsLogin(description: string): boolean {
  return /\bauthmod=/.test(description);
}

export function createRtmpLogin(source: URL): RtmpLogin {
  /** 1: the user was told; 2: the digest, too. */
  let told = 0;
  return {
    answer(description) {
      const mod = /\bauthmod=([\w-]{1,20})/.exec(description)?.[1] ?? '';
      const digest = Object.hasOwn(DIGESTS, mod) ? DIGESTS[mod] : undefined;
      if (!digest) throw unreachable(source, `wants a login of a kind that mien does not know (${mod})`);
      if (!source.username)
        throw unreachable(source, 'needs a login; put the user and password into the URL');
      if (told === 2 || /\?reason=(?:authfailed|nosuchuser)/.test(description)) throw wrong(source);
      const [, wanted] = /\?reason=needauth([\x21-\x7e]{0,1000})/.exec(description) ?? [];
      if (wanted === undefined && told === 1) throw wrong(source);
      told = wanted === undefined ? 1 : 2;
      if (wanted === undefined) return `?authmod=${mod}&user=${source.username}`;
      return `?authmod=${mod}${digest(parametersIn(wanted), source)}`;
    },
  };
}

function parametersIn(text: string): Map<string, string> {
  return new Map(
    text.split('&').map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name, value.join('=')];
    }),
  );
}

type Digest = (wanted: Map<string, string>, source: URL) => string;

const DIGESTS: Record<string, Digest> = { adobe: adobeDigest, llnw: limelightDigest };

function adobeDigest(wanted: Map<string, string>, { username, password }: URL): string {
  const user = wanted.get('user') ?? username;
  const opaque = wanted.get('opaque');
  const challenge = randomBytes(4).toString('hex');
  const secret = md5(user + (wanted.get('salt') ?? '') + percentDecoded(password), 'base64');
  const response = md5(secret + (opaque ?? wanted.get('challenge') ?? '') + challenge, 'base64');
  const more = opaque === undefined ? '' : `&opaque=${opaque}`;
  return `&user=${user}&challenge=${challenge}&response=${response}${more}`;
}

/** That of HTTP, RFC 2617, over names that are always the same; also who plays is said to publish. */
function limelightDigest(wanted: Map<string, string>, source: URL): string {
  const user = wanted.get('user') ?? source.username;
  const nonce = wanted.get('nonce') ?? '';
  const { app } = namesIn(source);
  const [nc, cnonce] = ['00000001', randomBytes(4).toString('hex')];
  const who = md5(`${user}:live:${percentDecoded(source.password)}`, 'hex');
  const what = md5(`publish:/${app}${app.includes('/') ? '' : '/_definst_'}`, 'hex');
  const response = md5([who, nonce, nc, cnonce, 'auth', what].join(':'), 'hex');
  return `&user=${user}&nonce=${nonce}&cnonce=${cnonce}&nc=${nc}&response=${response}`;
}

function md5(text: string, as: 'base64' | 'hex'): string {
  return createHash('md5').update(text).digest(as);
}

function wrong(source: URL): MienError {
  return unreachable(source, 'refuses the user and password; check those in the URL');
}

function unreachable({ hostname }: URL, why: string): MienError {
  return new MienError('SOURCE_UNREACHABLE', `${hostname} ${why}.`);
}
