/** Which streams and sessions a list, an aggregate or an export is of. */
import { z } from 'zod';
import type { SessionCriteria, StreamCriteria } from '../../store/read/criteria.ts';
import { builder } from './builder.ts';
import { hasNul } from './has-nul.ts';
import { RangeInput, toTimeRange } from './range-input.ts';
import { SessionStateEnum } from './scalars.ts';
import { PurposeEnum } from './stream-settings.ts';
import { TagInputType, toTags } from './tags.ts';

/** Most ids in a filter. */
const MAX_IDS = 1000;

const manyIds = (name: string) =>
  z.array(z.string()).max(MAX_IDS, `\`filter.${name}\` takes ${MAX_IDS} ids at most.`).nullish();

const LISTS = 'An empty list has nothing; what is left out or null is not asked for.';

export const StreamFilter = builder.inputType('StreamFilter', {
  description: `Which streams: those of which all of this is true. ${LISTS}`,
  fields: (t) => ({
    ids: t.idList({
      description: `One of these, ${MAX_IDS} at most; those that are not there are passed over.`,
      validate: manyIds('ids'),
    }),
    name: t.string({
      description: 'Its name has this in it, in whatever case; 1 to 200 characters.',
      validate: z
        .string()
        .refine(
          (text) => text.length >= 1 && text.length <= 200 && !hasNul(text),
          '`filter.name` must have 1 to 200 characters, and not NUL.',
        )
        .nullish(),
    }),
    states: t.field({
      type: [SessionStateEnum],
      description: 'Its newest session is in one of these; a stream that never ran is in none.',
    }),
    purposes: t.field({ type: [PurposeEnum], description: 'It is analysed for one of these.' }),
    tags: t.field({ type: [TagInputType], description: 'It has all of these tags.' }),
  }),
});

export const SessionFilter = builder.inputType('SessionFilter', {
  description: `Which sessions: those of which all of this is true. ${LISTS}`,
  fields: (t) => ({
    ids: t.idList({
      description: `One of these, ${MAX_IDS} at most; those that are not there are passed over.`,
      validate: manyIds('ids'),
    }),
    streamIds: t.idList({
      description: `Of one of these streams, ${MAX_IDS} at most; those that are not there are passed over.`,
      validate: manyIds('streamIds'),
    }),
    states: t.field({ type: [SessionStateEnum], description: 'It is in one of these states.' }),
    purposes: t.field({
      type: [PurposeEnum],
      description: 'Its stream is analysed for one of these.',
    }),
    tags: t.field({ type: [TagInputType], description: 'It has all of these tags.' }),
    range: t.field({
      type: RangeInput,
      description:
        'Some of its time lies in this stretch: by the wall clock from `startedAt` to `endedAt`, in media time from its first frame to its last. Where a clock was set meanwhile its frames may be of other times: what is summed up goes by those.',
    }),
  }),
});

/** @throws MienError BAD_INPUT */
export function toStreamCriteria(filter: typeof StreamFilter.$inferInput | null | undefined): StreamCriteria {
  const { ids, name, states, purposes, tags } = filter ?? {};
  return {
    ids: ids ?? undefined,
    name: name ?? undefined,
    states: states ?? undefined,
    purposes: purposes ?? undefined,
    tags: tags ? toTags(tags) : undefined,
  };
}

/** @throws MienError BAD_INPUT */
export function toSessionCriteria(
  filter: typeof SessionFilter.$inferInput | null | undefined,
): SessionCriteria {
  const { ids, streamIds, states, purposes, tags, range } = filter ?? {};
  return {
    ids: ids ?? undefined,
    streamIds: streamIds ?? undefined,
    states: states ?? undefined,
    purposes: purposes ?? undefined,
    tags: tags ? toTags(tags) : undefined,
    range: toTimeRange(range, 'filter.range'),
  };
}
