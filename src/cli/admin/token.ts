/** `mien token create|list|revoke`: who may use the server. */
import type { Config } from '../../config.ts';
import { hasExpired, type Role, type Tags } from '../../domain/access.ts';
import { tagsInWords } from '../../domain/tags.ts';
import { createLog } from '../../log.ts';
import type { Host } from '../process-host.ts';
import { openTokenKeeper, type ShownToken, type TokenKeeper } from './token-keeper.ts';

export interface CreateTokenOptions {
  name: string;
  role: Role;
  streams?: Tags;
  /** @param now by the clock that tokens end by, in milliseconds since 1970 */
  expires?: (now: number) => Date;
}

/** The secret alone goes to stdout, so that it can be taken from there. @throws MienError BAD_INPUT, CONFLICT */
export async function createToken(
  { name, role, streams, expires }: CreateTokenOptions,
  config: Config,
  host: Host,
): Promise<number> {
  return withKeeper(config, async (keeper) => {
    const expiresAt = expires ? expires(await keeper.now()) : null;
    const request = { name, role, streams: streams ?? null, expiresAt };
    const { token, secret } = await keeper.issue(request);
    host.stderr.write(`${sentenceOn(token)} It is shown this once:\n`);
    host.stdout.write(`${secret}\n`);
  });
}

export async function listTokens(config: Config, host: Host): Promise<number> {
  return withKeeper(config, async (keeper) => {
    const now = await keeper.now();
    const rows = (await keeper.list()).map((token) => rowOf(token, now));
    if (rows.length === 0) return void host.stderr.write('There are no tokens.\n');
    host.stdout.write(table([HEADINGS, ...rows]));
  });
}

/** @throws MienError NOT_FOUND */
export async function revokeToken(id: string, config: Config, host: Host): Promise<number> {
  return withKeeper(config, async (keeper) => {
    const { name } = await keeper.revoke(id);
    host.stdout.write(`Revoked ${JSON.stringify(name)}. What is open by it ends within five seconds.\n`);
  });
}

async function withKeeper(config: Config, work: (keeper: TokenKeeper) => Promise<void>): Promise<number> {
  const keeper = await openTokenKeeper(config, createLog(config));
  try {
    await work(keeper);
    return 0;
  } finally {
    await keeper.close();
  }
}

function sentenceOn({ id, name, role, streams, expiresAt }: ShownToken): string {
  const shown = streams === null ? 'all streams' : `streams tagged ${tagsInWords(streams)}`;
  const end = expiresAt === null ? 'it does not expire' : `it expires at ${expiresAt.toISOString()}`;
  return `Made the token ${JSON.stringify(name)} (id ${id}) with the role ${role}, for ${shown}; ${end}.`;
}

const HEADINGS = ['ID', 'BEGINS', 'ROLE', 'STREAMS', 'MADE', 'EXPIRES', 'STATE', 'NAME'];

function rowOf(token: ShownToken, now: number): string[] {
  const { id, prefix, role, streams, createdAt, expiresAt, name } = token;
  const shown = streams === null ? 'all' : tagsInWords(streams);
  return [
    id,
    prefix,
    role,
    shown,
    dayOf(createdAt),
    expiresAt === null ? 'never' : dayOf(expiresAt),
    stateOf(token, now),
    name,
  ];
}

function stateOf(token: ShownToken, now: number): string {
  if (token.revokedAt !== null) return 'revoked';
  return hasExpired(token, now) ? 'expired' : 'good';
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** In columns; the last one is as long as it is. */
function table(rows: readonly string[][]): string {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}
