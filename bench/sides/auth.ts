/** Two of mien's own APIs in one process: one is open to everybody, the other asks for a token. */
import { setImmediate } from 'node:timers/promises';
import { createAuthenticator } from '../../src/access/authenticate.ts';
import { TokenCache } from '../../src/access/token-cache.ts';
import { makeToken } from '../../src/access/token-format.ts';
import { createTokenScheme } from '../../src/access/token-scheme.ts';
import { openLiveApi } from '../parts/live-api.ts';
import { makeMoment } from '../parts/moments.ts';
import { answer } from '../parts/side-process.ts';
import { SESSION } from './publish.ts';

export interface AuthQuestion {
  /** Moments to publish, as fast as the event loop turns. */
  count: number;
  of: 'open' | 'asking';
}

export interface AuthAnswer {
  ports: { open: number; asking: number };
  /** A viewer's token. */
  token: string;
  /** Processor time of this process so far, in microseconds. */
  cpu: number;
}

const { secret, prefix, hash } = makeToken();
/** One that many others lie beside. */
const OTHERS = 99;
const record = { name: 'bench', role: 'VIEWER', streams: null, createdBy: 'the bench' } as const;
const times = { createdAt: new Date(), expiresAt: null, revokedAt: null };
const records = [
  { ...record, ...times, id: 'its own', prefix, hash },
  ...Array.from({ length: OTHERS }, (_, at) => {
    const other = makeToken();
    return { ...record, ...times, id: String(at), prefix: other.prefix, hash: other.hash };
  }),
];
const unasked = () => Promise.reject(new Error('The bench makes and revokes no tokens.'));
const directory = new TokenCache({
  counts: async () => ({ made: records.length, revoked: 0 }),
  live: async () => records,
  create: unasked,
  revoke: unasked,
});
const authenticator = createAuthenticator({
  schemes: [createTokenScheme(directory)],
  isRequired: async () => true,
});
const apis = { open: await openLiveApi(), asking: await openLiveApi(authenticator) };
const ports = { open: apis.open.port, asking: apis.asking.port };
let seq = 0;

answer(async ({ count = 0, of = 'open' }: Partial<AuthQuestion>): Promise<AuthAnswer> => {
  for (let i = 0; i < count; i++) {
    apis[of].publish(makeMoment(SESSION, seq++, Date.now()));
    await setImmediate();
  }
  const { user, system } = process.cpuUsage();
  return { ports, token: secret, cpu: user + system };
});
