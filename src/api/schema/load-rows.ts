/** What other objects belong to: loaded for all objects of a list at once, with what is selected of it. Null: it is not there, or not shown. */
import { queryFromInfo } from '@pothos/plugin-prisma';
import DataLoader from 'dataloader';
import type { FieldNode, GraphQLResolveInfo } from 'graphql';
import type { Session, Stream, Track } from '../../store/generated/client.ts';
import type { Context } from '../context/context.ts';

type Load<Key, Row> = (key: Key, context: Context, info: GraphQLResolveInfo) => Promise<Row | null>;

const same = (id: string) => id;

export const loadStream = batched<string, Stream>(
  'Stream',
  same,
  ({ id }) => id,
  (ids, query, { prisma }) => prisma.stream.findMany({ ...query, where: { id: { in: ids } } }),
);

export const loadSession = batched<string, Session>(
  'Session',
  same,
  ({ id }) => id,
  (ids, query, { prisma }) => prisma.session.findMany({ ...query, where: { id: { in: ids } } }),
);

interface TrackKey {
  sessionId: string;
  track: number;
}

const trackName = ({ sessionId, track }: TrackKey) => `${sessionId}:${track}`;

export const loadTrack = batched<TrackKey, Track>('Track', trackName, trackName, (keys, query, { prisma }) =>
  prisma.track.findMany({ ...query, where: { OR: bySession(keys, ({ track }) => track, 'track') } }),
);

/** Conditions for rows that are known by a session and a number in it. */
export function bySession<Key extends { sessionId: string }>(
  keys: readonly Key[],
  numberOf: (key: Key) => number,
  column: string,
): object[] {
  const numbers = new Map<string, number[]>();
  for (const key of keys) numbers.set(key.sessionId, [...(numbers.get(key.sessionId) ?? []), numberOf(key)]);
  return [...numbers].map(([sessionId, of]) => ({ sessionId, [column]: { in: of } }));
}

/**
 * @param nameOf and @param nameOfRow give a key and the row that it means the same text
 * @param read reads the rows of some keys, with the query that selects what is asked for of them
 */
function batched<Key, Row>(
  typeName: string,
  nameOf: (key: Key) => string,
  nameOfRow: (row: Row) => string,
  read: (keys: Key[], query: object, context: Context) => Promise<Row[]>,
): Load<Key, Row> {
  /** Of each request, by what is selected: GraphQL gives all objects of a list the same nodes. */
  const loaders = new WeakMap<Context, WeakMap<readonly FieldNode[], DataLoader<Key, Row | null, string>>>();
  return (key, context, info) => {
    const bySelection = loaders.get(context) ?? new WeakMap();
    loaders.set(context, bySelection);
    // Pothos notes by it for each object that the fields below need not be loaded.
    const query: object = queryFromInfo({ context, info, typeName });
    const load = async (keys: readonly Key[]) => {
      const rows = new Map((await read([...keys], query, context)).map((row) => [nameOfRow(row), row]));
      return keys.map((one) => rows.get(nameOf(one)) ?? null);
    };
    const loader = bySelection.get(info.fieldNodes) ?? new DataLoader(load, { cacheKeyFn: nameOf });
    bySelection.set(info.fieldNodes, loader);
    return loader.load(key);
  };
}
