/** Where commands find the tokens: at the server that runs, or else in the database. */
import { z } from 'zod';
import { type IssuedToken, issueToken, type TokenRequest } from '../../access/issue-token.ts';
import type { TokenRecord } from '../../access/ports.ts';
import type { Config } from '../../config.ts';
import { COMMAND_PRINCIPAL, ROLES } from '../../domain/access.ts';
import type { AuditAction } from '../../domain/audit.ts';
import type { Log } from '../../domain/log.ts';
import { OWN_CLOCK } from '../../domain/record-clock.ts';
import { tagEntries } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';
import { openTokenDatabase, type TokenDatabase } from '../../store/index.ts';
import { type Ask, findServer } from '../serve/running-server.ts';

export type ShownToken = Omit<TokenRecord, 'hash'>;

export interface TokenKeeper {
  /** @throws MienError BAD_INPUT, CONFLICT */
  issue(request: TokenRequest): Promise<{ token: ShownToken; secret: string }>;
  /** The newest first. */
  list(): Promise<readonly ShownToken[]>;
  /** @throws MienError NOT_FOUND */
  revoke(id: string): Promise<ShownToken>;
  /** By the clock that tokens end by, in milliseconds since 1970. */
  now(): Promise<number>;
  close(): Promise<void>;
}

/** @throws MienError CONFLICT where the embedded database is held by a server that cannot be reached from here */
export async function openTokenKeeper(config: Config, log: Log): Promise<TokenKeeper> {
  const ask = await findServer(config.dataDir);
  const { dataDir, databaseUrl } = config;
  const open = () => openTokenDatabase({ dataDir, ...(databaseUrl !== null && { databaseUrl }), log });
  if (ask !== null) return keeperAt(ask, databaseUrl === null ? OWN_CLOCK.now : () => timeAt(open));
  try {
    return keeperIn(await open());
  } catch (error) {
    throw error instanceof MienError && error.code === 'CONFLICT' ? outOfReach(dataDir, error) : error;
  }
}

/** Servers of one database go by its clock, and do not say what that shows. */
async function timeAt(open: () => Promise<TokenDatabase>): Promise<number> {
  const { clock, close } = await open();
  const now = clock.now();
  await close();
  return now;
}

function outOfReach(dataDir: string, cause: MienError): MienError {
  return new MienError(
    'CONFLICT',
    `A server holds the database in ${dataDir}, and is not reached from here. If it has just been started, try again once it serves; if it runs in another container or on another host, run this command there, such as \`docker compose exec mien mien token …\`.`,
    { cause },
  );
}

const TOKEN = '{ id name role streams { key value } prefix createdBy createdAt expiresAt revokedAt }';

const time = z.coerce.date();
const Token = z.object({
  ...{ id: z.string(), name: z.string(), role: z.enum(ROLES), prefix: z.string(), createdBy: z.string() },
  streams: z
    .array(z.object({ key: z.string(), value: z.string() }))
    .transform((tags) => Object.fromEntries(tags.map(({ key, value }) => [key, value])))
    .nullable(),
  ...{ createdAt: time, expiresAt: time.nullable(), revokedAt: time.nullable() },
});
const Page = z.object({
  tokens: z.object({
    edges: z.array(z.object({ node: Token })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

/** The server writes the audit. */
function keeperAt(ask: Ask, now: () => number | Promise<number>): TokenKeeper {
  return {
    now: async () => now(),
    async issue({ streams, expiresAt, ...request }) {
      const input = {
        ...request,
        ...(streams !== null && { streams: tagEntries(streams).map(([key, value]) => ({ key, value })) }),
        ...(expiresAt !== null && { expiresAt }),
      };
      const query = `mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret token ${TOKEN} } }`;
      const Created = z.object({ createToken: z.object({ secret: z.string(), token: Token }) });
      return Created.parse(await ask(query, { input })).createToken;
    },
    async list() {
      const query = `query ($after: String) { tokens(first: 500, after: $after) {
        edges { node ${TOKEN} } pageInfo { hasNextPage endCursor } } }`;
      const all: ShownToken[] = [];
      for (let after: string | null = null, more = true; more; ) {
        const { tokens } = Page.parse(await ask(query, { after }));
        all.push(...tokens.edges.map(({ node }) => node));
        ({ hasNextPage: more, endCursor: after } = tokens.pageInfo);
      }
      return all;
    },
    async revoke(id) {
      const query = `mutation ($id: ID!) { revokeToken(input: { id: $id }) { token ${TOKEN} } }`;
      return z.object({ revokeToken: z.object({ token: Token }) }).parse(await ask(query, { id })).revokeToken
        .token;
    },
    close: async () => {},
  };
}

function keeperIn({ tokens, audit, clock, close }: TokenDatabase): TokenKeeper {
  const record = ({ id, name, role, expiresAt }: ShownToken, action: AuditAction) =>
    audit.append([
      {
        requester: { principal: COMMAND_PRINCIPAL, address: null },
        ...{ action, target: { type: 'TOKEN', id, name }, outcome: 'OK', count: 1, since: null },
        detail: action === 'CREATE_TOKEN' ? { role, expires: expiresAt?.toISOString() ?? null } : {},
      },
    ]);
  return {
    now: async () => clock.now(),
    async issue(request): Promise<IssuedToken> {
      const issued = await issueToken(tokens, request, 'COMMAND command', clock.now());
      await record(issued.token, 'CREATE_TOKEN');
      return issued;
    },
    list: async () => (await tokens.all()).toReversed(),
    async revoke(id) {
      const token = await tokens.revoke(id);
      await record(token, 'REVOKE_TOKEN');
      return token;
    },
    close,
  };
}
