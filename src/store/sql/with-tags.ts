/** Streams and sessions by their tags. */
import type { Tags } from '../../domain/access.ts';

/** Those that have all of these tags. */
export function withTags(tags: Tags): { AND: { tags: { path: string[]; equals: string } }[] } {
  return { AND: Object.entries(tags).map(([key, equals]) => ({ tags: { path: [key], equals } })) };
}
