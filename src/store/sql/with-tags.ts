/** Streams by their tags. */
import type { Tags } from '../../domain/access.ts';
import type { Prisma } from '../generated/client.ts';

/** Those that have all of these tags. */
export function withTags(tags: Tags): Prisma.StreamWhereInput {
  return { AND: Object.entries(tags).map(([key, equals]) => ({ tags: { path: [key], equals } })) };
}
