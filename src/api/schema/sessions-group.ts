/** Several sessions summed up: a group of them, and its buckets. */
import type { SessionsBucket, SessionsGroup, SessionsSums } from '../../domain/sessions-aggregate.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { groupBuckets } from './list-sizes.ts';
import { SessionMeansType } from './mean-estimate.ts';
import { SessionType } from './session.ts';
import { StreamType } from './stream.ts';
import { AggregateInterface, roundToMilliseconds } from './summary.ts';

/** The fields that a group and a bucket of it share. */
const SessionsAggregateInterface = builder.interfaceRef<SessionsSums>('SessionsAggregate').implement({
  extensions: AS_PARENT,
  interfaces: [AggregateInterface],
  description:
    'Sums over several sessions, and means over all of their readings: a session counts the more, the more faces were seen in it. Means over sessions are in `perSession`.',
  fields: (t) => ({
    sessions: t.exposeInt('sessions', {
      description:
        'How many sessions. Those without a frame count only where all of a session is asked for, not a range of it or a bucket.',
    }),
    trials: t.exposeInt('trials', {
      description:
        'How many times they were at their marker, with `align: { at: MARKER }`: what lies in several trials counts in each. Otherwise as many as `sessions`.',
    }),
    seconds: t.float({
      description:
        'The time that passed for their sources, in seconds of media time, added up: frames that were not scored and holes included, erased stretches not; rounded to the millisecond.',
      resolve: ({ elapsed }) => roundToMilliseconds(elapsed),
    }),
    perSession: t.field({
      type: SessionMeansType,
      description:
        'Means over sessions, each of which counts once, with 95 % confidence intervals. The trials of a session are one value: over all of their readings, seconds on average of a trial.',
      resolve: ({ perSession }) => perSession(),
    }),
  }),
});

const BucketType = builder.objectRef<SessionsBucket>('AggregateBucket').implement({
  extensions: AS_PARENT,
  description: 'One bucket of a group.',
  interfaces: [AggregateInterface, SessionsAggregateInterface],
  fields: (t) => ({
    start: t.float({
      nullable: true,
      description: 'Where it begins, in seconds from where it is aligned; by the wall clock null.',
      resolve: ({ clock, start }) => (clock === 'MEDIA' ? start : null),
    }),
    end: t.float({
      nullable: true,
      description:
        'Where it ends, in seconds from where it is aligned, this instant excluded; by the wall clock null.',
      resolve: ({ clock, end }) => (clock === 'MEDIA' ? end : null),
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it begins, where buckets are aligned by the wall clock; otherwise null.',
      resolve: ({ clock, start }) => (clock === 'WALL' ? new Date(start) : null),
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ends; null where `startedAt` is.',
      resolve: ({ clock, end }) => (clock === 'WALL' ? new Date(end) : null),
    }),
  }),
});

type GroupTag = SessionsGroup['tags'][number];

const GroupTagType = builder.objectRef<GroupTag>('AggregateTag').implement({
  extensions: AS_PARENT,
  description: 'A tag that the sessions of a group have in common.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its key, as it was asked for.' }),
    value: t.exposeString('value', {
      nullable: true,
      description: 'Its value; null: these sessions have no such tag.',
    }),
  }),
});

export const GroupType = builder.objectRef<SessionsGroup>('AggregateGroup').implement({
  extensions: AS_PARENT,
  description: 'Sessions that have in common what was asked for, summed up.',
  interfaces: [AggregateInterface, SessionsAggregateInterface],
  fields: (t) => ({
    stream: t.loadable({
      type: StreamType,
      nullable: true,
      description: 'The stream of its sessions, where they are grouped by it; otherwise null.',
      load: async (ids: string[], { prisma }) =>
        inOrder(ids, await prisma.stream.findMany({ where: { id: { in: ids } } })),
      resolve: ({ streamId }) => streamId,
    }),
    session: t.loadable({
      type: SessionType,
      nullable: true,
      description: 'The session, where each is a group; otherwise null.',
      load: async (ids: string[], { prisma }) =>
        inOrder(ids, await prisma.session.findMany({ where: { id: { in: ids } } })),
      resolve: ({ sessionId }) => sessionId,
    }),
  }),
});

builder.objectFields(GroupType, (t) => ({
  tags: t.field({
    type: [GroupTagType],
    description: 'The tags that sessions are grouped by, in the order in which they were asked for.',
    resolve: ({ tags }) => tags,
  }),
  startedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When its day or hour begins, where sessions are grouped by one; otherwise null.',
    resolve: ({ period }) => period && new Date(period.start),
  }),
  endedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When its day or hour ends; null where `startedAt` is.',
    resolve: ({ period }) => period && new Date(period.end),
  }),
  tracks: t.exposeInt('tracks', {
    description:
      'Faces followed, in all sessions. Someone who leaves and comes back is counted twice, and so is who is in two sessions: mien recognises nobody. A face that is followed over midnight is in both days.',
  }),
  sessionsLeftOut: t.exposeInt('leftOut', {
    description:
      'With `align: { at: MARKER }`: sessions that are not in it, since they have no such marker, or no time around it. Grouped by days or hours they are in groups without one, which come last.',
  }),
  buckets: t.field({
    type: [BucketType],
    nullable: true,
    description:
      'In buckets of equal length, where `bucket` was asked for; otherwise null. Those in which no moment of any session stands are left out.',
    extensions: { ...groupBuckets },
    resolve: ({ buckets }) => buckets,
  }),
}));

function inOrder<Row extends { id: string }>(ids: readonly string[], rows: readonly Row[]): (Row | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
