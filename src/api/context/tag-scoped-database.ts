/** A database client that knows only streams with some tags, and what was recorded of them. */
import type { Tags } from '../../domain/access.ts';
import type { Prisma, PrismaClient } from '../../store/generated/client.ts';
import { withTags } from '../../store/sql/with-tags.ts';

const READS: readonly string[] = [
  ...['findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany'],
  ...['count', 'aggregate', 'groupBy'],
];

/**
 * Every read of a stream, a session, a track, an episode, a marker or an output is narrowed, whoever writes it: a resolver cannot forget to.
 * Relations are not, since they lead from what is shown to what belongs to the same stream. Models are shown to all. Whatever
 * else is asked of it, writes and statements of SQL too, it refuses, as a bug.
 */
export function tagScopedDatabase(prisma: PrismaClient, tags: Tags): PrismaClient {
  const stream = withTags(tags);
  const session: Prisma.SessionWhereInput = { stream };
  const filters = new Map<string | undefined, object>([
    ['Stream', stream],
    ['Session', session],
    ['Track', { session }],
    ['Episode', { session }],
    ['Marker', { session }],
    ['Output', { stream }],
    ['Model', {}],
  ]);
  const client = prisma.$extends({
    name: 'shown-rows',
    query: {
      $allOperations({ model, operation, args, query }) {
        const filter = filters.get(model);
        if (filter === undefined || !READS.includes(operation))
          throw new Error(`${model ?? 'SQL'}.${operation} is not for those who are shown some streams only`);
        const { where } = (args ?? {}) as { where?: { AND?: object | object[] } };
        return query({ ...args, where: { ...where, AND: [filter, ...[where?.AND ?? []].flat()] } });
      },
    },
  });
  // An extension of queries changes no type that resolvers see.
  return client as unknown as PrismaClient;
}
