/** In which order lists of streams and sessions are read. */
import { builder } from './builder.ts';
import type { Direction, Key } from './keyset.ts';

const DirectionEnum = builder.enumType('OrderDirection', {
  description: 'Which end of a list comes first.',
  values: {
    ASC: { value: 'asc', description: 'The least, or the oldest.' },
    DESC: { value: 'desc', description: 'The greatest, or the newest.' },
  } as const,
});

const StreamOrderField = builder.enumType('StreamOrderField', {
  description: 'What streams are ordered by.',
  values: {
    CREATED_AT: { value: 'CREATED_AT', description: 'When they were registered.' },
    NAME: {
      value: 'NAME',
      description:
        'Their names, as the database compares text; those of one name by when they were registered.',
    },
  } as const,
});

const SessionOrderField = builder.enumType('SessionOrderField', {
  description: 'What sessions are ordered by.',
  values: {
    STARTED_AT: { value: 'STARTED_AT', description: 'When they began.' },
    ENDED_AT: { value: 'ENDED_AT', description: 'When they ended; those that run are the newest.' },
  } as const,
});

export const StreamOrder = builder.inputType('StreamOrder', {
  description: 'The order of streams.',
  fields: (t) => ({
    field: t.field({ type: StreamOrderField, required: true, description: 'By what.' }),
    direction: t.field({
      type: DirectionEnum,
      required: true,
      defaultValue: 'asc',
      description: 'Which of them come first.',
    }),
  }),
});

export const SessionOrder = builder.inputType('SessionOrder', {
  description: 'The order of sessions.',
  fields: (t) => ({
    field: t.field({ type: SessionOrderField, required: true, description: 'By what.' }),
    direction: t.field({
      type: DirectionEnum,
      required: true,
      defaultValue: 'desc',
      description: 'Which of them come first.',
    }),
  }),
});

/** In the order of creation, which is unique, and does not change when a clock is set. */
export const created = (direction: Direction): Key => ({ column: 'ordinal', kind: 'integer', direction });

export function streamKeys(order: typeof StreamOrder.$inferInput | null | undefined): Key[] {
  const { field, direction } = order ?? { field: 'CREATED_AT', direction: 'asc' };
  if (field === 'CREATED_AT') return [created(direction)];
  return [{ column: 'name', kind: 'text', direction }, created(direction)];
}

export function sessionKeys(order: typeof SessionOrder.$inferInput | null | undefined): Key[] {
  const { field, direction } = order ?? { field: 'STARTED_AT', direction: 'desc' };
  if (field === 'STARTED_AT') return [created(direction)];
  return [{ column: 'endedAt', kind: 'time', direction }, created(direction)];
}
