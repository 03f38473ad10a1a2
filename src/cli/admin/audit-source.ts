/** Where `mien audit export` finds the audit: at the server that runs, or else in the database. */
import { z } from 'zod';
import type { Config } from '../../config.ts';
import type { AuditRecord } from '../../domain/audit.ts';
import type { Log } from '../../domain/log.ts';
import { type AuditEntries, openTokenDatabase, type StoredAuditEntry } from '../../store/index.ts';
import { commandRequester } from '../serve/command-requester.ts';
import { type Ask, findServer } from '../serve/running-server.ts';

const PAGE = 1_000;
/** What a server answers at a time. */
const SERVER_PAGE = 500;

export interface AuditRange {
  /** Entries that were stored at this time or later; undefined: from the first. */
  from?: Date;
  /** Those stored before it. */
  to?: Date;
}

export interface AuditSource {
  /** The oldest first, a page at a time; that they are read is an entry too. */
  pages(range: AuditRange): AsyncIterable<readonly StoredAuditEntry[]>;
  close(): Promise<void>;
}

/** @throws MienError CONFLICT where the embedded database is held by a server that cannot be reached from here */
export async function openAuditSource(config: Config, log: Log): Promise<AuditSource> {
  const ask = await findServer(config.dataDir);
  if (ask !== null) return { pages: (range) => pagesOf(ask, range), close: async () => {} };
  const { dataDir, databaseUrl } = config;
  const { audit, close } = await openTokenDatabase({
    ...{ dataDir, log },
    ...(databaseUrl !== null && { databaseUrl }),
  });
  return { pages: (range) => pagesIn(audit, range), close };
}

export async function* pagesIn(
  audit: AuditEntries,
  range: AuditRange,
): AsyncIterable<readonly StoredAuditEntry[]> {
  await audit.append([exported(range)]);
  const { from = null, to = null } = range;
  for (let after = 0, more = true; more; ) {
    const entries = await audit.page({ from, to }, after, PAGE);
    yield entries;
    after = entries.at(-1)?.ordinal ?? after;
    more = entries.length === PAGE;
  }
}

/** It is the last entry of what it exports, where nothing was left out. */
function exported({ from, to }: AuditRange): AuditRecord {
  return {
    requester: commandRequester(),
    action: 'EXPORT_AUDIT',
    target: { type: 'AUDIT', id: null, name: null },
    outcome: 'OK',
    detail: { ...(from && { from: from.toISOString() }), ...(to && { to: to.toISOString() }) },
    count: 1,
    since: null,
  };
}

const QUERY = `query ($filter: AuditFilter, $after: String) {
  auditLog(filter: $filter, oldestFirst: true, first: ${SERVER_PAGE}, after: $after) {
    nodes {
      id at since count actorKind actorId actorName address action targetType targetId targetName outcome code
      detail { name value }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const [text, time] = [z.string(), z.coerce.date()];
const Entry = z
  .object({
    ...{ id: z.coerce.number(), at: time, since: time.nullable(), count: z.int() },
    ...{ actorKind: text, actorId: text, actorName: text, address: text.nullable(), action: text },
    ...{ targetType: text.nullable(), targetId: text.nullable(), targetName: text.nullable() },
    ...{ outcome: text, code: text.nullable() },
    detail: z.array(z.object({ name: text, value: text })),
  })
  .transform(({ id, detail, ...entry }) => ({
    ...entry,
    ordinal: id,
    detail: Object.fromEntries(detail.map(({ name, value }) => [name, value])),
  }));
const Answer = z.object({
  auditLog: z.object({
    nodes: z.array(Entry),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: text.nullable() }),
  }),
});

/** The server writes the audit. */
async function* pagesOf(ask: Ask, { from, to }: AuditRange): AsyncIterable<readonly StoredAuditEntry[]> {
  const filter = { ...(from && { from }), ...(to && { to }) };
  for (let after: string | null = null, more = true; more; ) {
    const { auditLog } = Answer.parse(await ask(QUERY, { filter, after }));
    yield auditLog.nodes;
    ({ hasNextPage: more, endCursor: after } = auditLog.pageInfo);
  }
}
