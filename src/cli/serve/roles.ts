/** What a server does: all of it, what clients ask for, or what runs streams. */
import type { Config } from '../../config.ts';
import { MienError } from '../../errors.ts';

/** `ALL`: `mien serve`; `API`: runs no streams; `WORKER`: has no API. */
export type Role = 'ALL' | 'API' | 'WORKER';

type Shared = Pick<Config, 'databaseUrl' | 'natsUrls' | 'secretKeys'>;

/** A server that does a part only needs the others, and what they share. @throws MienError CONFIG_INVALID naming all that is missing */
export function assertShared(role: Role, { databaseUrl, natsUrls, secretKeys }: Shared): void {
  if (role === 'ALL') return;
  const missing = [
    ...(databaseUrl === null ? [NO_DATABASE] : []),
    ...(natsUrls.length === 0 ? [NO_NATS] : []),
    ...(secretKeys.length === 0 ? [NO_KEY] : []),
  ];
  if (missing.length === 0) return;
  const sentences = missing.map((line) => `  ${line}`).join('\n');
  throw new MienError(
    'CONFIG_INVALID',
    `\`mien ${role.toLowerCase()}\` is one of several servers, and is not told what they share:\n${sentences}\n\`mien serve\` does all by itself, and needs none of this.`,
  );
}

const NO_DATABASE =
  'DATABASE_URL: a PostgreSQL, the same at all of them. The embedded database is held by one process, and cannot be shared.';
const NO_NATS = 'NATS_URL: a NATS server, the same at all of them, by which they ask and tell each other.';
const NO_KEY =
  'MIEN_SECRET_KEY: the same at all of them, since what one seals in the database another has to read (`openssl rand -base64 32` makes one).';
