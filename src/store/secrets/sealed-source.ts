/** A source as it is stored: the user, password and query of its address are sealed, the rest is readable. */
import type { SourceInput } from '../../domain/frame.ts';
import { seal, unseal } from './seal.ts';
import type { SecretKeys } from './secret-keys.ts';

/** `sealed` holds the whole address; `url` what of it is no secret. */
export type StoredSource = SourceInput & { sealed?: string };

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
