/** What connections of several types share. */
import { type IndirectInclude, queryFromInfo } from '@pothos/plugin-prisma';
import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { type SessionCriteria, sessionWhere } from '../../store/read/criteria.ts';
import type { Context } from '../context/context.ts';

/** What a connection carries from which its `totalCount` comes, when that is asked for. */
interface Counted {
  totalCount: () => number | Promise<number>;
}

/** The options of a connection's `totalCount`. @param items what it counts, in words */
export function totalCountOf(items: string) {
  return {
    description: `How many ${items} the whole list has, on all its pages. Counted when it is asked for.`,
    resolve: (connection: object) => (connection as Counted).totalCount(),
  };
}

/** What a request selects of the rows on a page, as Prisma takes it. */
export function selectionOfNodes(context: Context, info: GraphQLResolveInfo, typeName: string): object {
  return queryFromInfo({ context, info, typeName, paths: [['nodes'], ['edges', 'node']] });
}

/** The same of a list that is read with what it belongs to. Pothos reads several paths, though it declares a single one only. */
export function nodesOf(typeName: string): never {
  const nodes = {
    getType: () => typeName,
    paths: [[{ name: 'nodes' }], [{ name: 'edges' }, { name: 'node' }]],
  } satisfies IndirectInclude;
  return nodes as never;
}

type Counts = DataLoader<string, number>;
/** Of each request, by criteria. */
const countsOf = new WeakMap<Context, Map<string, Counts>>();

/** The sessions of a stream; of all streams that are asked for in one request with the same criteria by one statement. */
export function countSessions(
  context: Context,
  streamId: string,
  criteria: SessionCriteria,
): Promise<number> {
  const byCriteria = countsOf.get(context) ?? new Map<string, Counts>();
  countsOf.set(context, byCriteria);
  const key = JSON.stringify(criteria);
  const counts = byCriteria.get(key) ?? new DataLoader((ids) => countOfStreams(context, ids, criteria));
  byCriteria.set(key, counts);
  return counts.load(streamId);
}

async function countOfStreams(
  { prisma }: Context,
  ids: readonly string[],
  criteria: SessionCriteria,
): Promise<number[]> {
  const where = { AND: [sessionWhere(criteria), { streamId: { in: [...ids] } }] };
  const rows = await prisma.session.groupBy({ by: ['streamId'], where, _count: true });
  const counts = new Map(rows.map(({ streamId, _count }) => [streamId, _count]));
  return ids.map((id) => counts.get(id) ?? 0);
}
