/** A source as it is stored: the user, password and query of its address are sealed (AES-256-GCM), the rest is readable. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SourceInput } from '../../domain/frame.ts';
import type { SecretKey, SecretKeys } from './secret-keys.ts';

/** `sealed` holds the whole address; `url` what of it is no secret. */
export type StoredSource = SourceInput & { sealed?: string };

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export async function sealSource(source: SourceInput, keys: SecretKeys): Promise<StoredSource> {
  if (source.type !== 'url') return source;
  const url = withoutSecrets(source.url);
  if (url === source.url) return source;
  return { ...source, url, sealed: seal(source.url, await keys.sealing()) };
}

/** Where the key is lost, the source is `locked`. */
export async function openSource(stored: StoredSource, keys: SecretKeys): Promise<SourceInput> {
  if (stored.type !== 'url' || stored.sealed === undefined) return stored;
  const { sealed, ...source } = stored;
  const url = unseal(sealed, await keys.all());
  return url === null ? { ...source, locked: true } : { ...source, url };
}

/** What is no address is all secret. */
function withoutSecrets(text: string): string {
  if (!URL.canParse(text)) return '';
  const url = new URL(text);
  if (url.username === '' && url.password === '' && url.search === '' && url.hash === '') return text;
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function seal(text: string, { id, bytes }: SecretKey): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, bytes, nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `1.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
}

/** @returns null when none of the keys has sealed it, or it was changed since */
function unseal(sealed: string, keys: readonly SecretKey[]): string | null {
  const [version, id, text = ''] = sealed.split('.');
  const key = keys.find((one) => one.id === id);
  if (version !== '1' || key === undefined) return null;
  const bytes = Buffer.from(text, 'base64url');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(tag);
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
