/** Episodes: stretches of one expression on one face, and the subscription to their changes. */
import type { SentEpisode } from '../../domain/live-event.ts';
import type { Episode, EpisodeEventKind } from '../../domain/moment.ts';
import type { Context } from '../context/context.ts';
import type { Sharing } from '../fanout/operation.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { ExpressionEnum } from './expression.ts';
import { partId } from './ids.ts';
import { toScope } from './live-scope.ts';
import { loadSession, loadTrack } from './load-rows.ts';
import { NodeInterface } from './node.ts';
import { SessionType } from './session.ts';
import { TrackType } from './track.ts';

export const EpisodeType = builder.objectRef<Episode>('Episode').implement({
  extensions: AS_PARENT,
  interfaces: [NodeInterface],
  description:
    'A stretch of time during which one face apparently kept one expression. Times are media time in seconds, and for `startedAt` and `endedAt` the wall clock.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, unique across all types.',
      resolve: ({ sessionId, index }) => partId(sessionId, 'episode', index),
    }),
    index: t.exposeInt('index', {
      description:
        'Its number within the session, from 0, in the order in which they were found; stretches too short to be told leave gaps.',
    }),
    trackNumber: t.exposeInt('track', { description: 'The number of its face, as in `FaceReading.track`.' }),
    expression: t.field({
      type: ExpressionEnum,
      description: 'The expression.',
      resolve: ({ expression }) => expression,
    }),
    onset: t.exposeFloat('onset', {
      description: 'When it began: the first of the frames that led to it, by their `rawProbabilities`.',
    }),
    apex: t.exposeFloat('apex', { description: 'When it was strongest, so far.' }),
    offset: t.exposeFloat('offset', { nullable: true, description: 'When it ended; null while it lasts.' }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it began, by the wall clock: the `wallTime` of the moment at `onset`.',
      resolve: ({ startedAt }) => startedAt,
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When it ended, by the wall clock: the `wallTime` of the moment at `offset`; null while it lasts.',
      resolve: ({ endedAt }) => endedAt,
    }),
    peak: t.exposeFloat('peak', { description: 'Its probability at the apex, 0 to 1.' }),
  }),
});

builder.objectFields(EpisodeType, (t) => ({
  track: t.field({
    type: TrackType,
    nullable: true,
    description: 'Its face, with all of its time; null when it was erased since.',
    resolve: ({ sessionId, track }, _args, context, info) => loadTrack({ sessionId, track }, context, info),
  }),
  session: t.field({
    type: SessionType,
    nullable: true,
    description: 'The session it belongs to; null when it was removed since.',
    resolve: ({ sessionId }, _args, context, info) => loadSession(sessionId, context, info),
  }),
}));

export const EpisodeConnection = builder.connectionObject({ type: EpisodeType, name: 'EpisodeConnection' });

const KIND_DESCRIPTIONS: Record<EpisodeEventKind, string> = {
  ONSET: 'An episode began.',
  APEX: 'It was stronger than before.',
  OFFSET: 'It ended.',
};

export const EpisodeEventKindEnum = builder.enumType('EpisodeEventKind', {
  description: 'What happened to an episode.',
  values: describedValues(KIND_DESCRIPTIONS),
});

export const EpisodeEventType = builder.objectRef<SentEpisode>('EpisodeEvent').implement({
  extensions: AS_PARENT,
  description: 'Something that happened to an episode.',
  fields: (t) => ({
    kind: t.field({
      type: EpisodeEventKindEnum,
      description: 'What happened.',
      resolve: ({ event }) => event.kind,
    }),
    episode: t.field({
      type: EpisodeType,
      description: 'The episode as it now stands.',
      resolve: ({ event }) => event.episode,
    }),
    cursor: t.exposeString('cursor', {
      description:
        'Where this event stands. Pass the last one you saw as `after` to go on without gap or duplicate.',
    }),
    sessionId: t.id({
      description: 'The session it belongs to.',
      resolve: ({ event }) => event.episode.sessionId,
    }),
    skippedBefore: t.exposeInt('skippedBefore', {
      description: 'Events that were not sent before this one, because this subscriber was too slow.',
    }),
  }),
});

const sharing: Sharing = {
  resume: {
    argument: 'after',
    cursorOf: (event) => (event as SentEpisode).cursor,
    cursorOfNow: (args, context) => (context as Context).subscriptions.cursorOfNow('episodes', toScope(args)),
  },
};

builder.subscriptionField('expressionEpisodes', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: EpisodeEventType,
    description:
      'Onset, apex and offset of every episode as they happen: of one session (it ends when the session does), of one stream, or, when neither is given, of every running stream.',
    args: {
      streamId: t.arg.id({ description: 'Only this stream, through all its sessions.' }),
      sessionId: t.arg.id({ description: 'Only this session.' }),
      after: t.arg.string({
        description:
          'A `cursor` to resume from: first every event behind it that is stored, then what happens. Stored events tell the episode as it is now; of an apex that was exceeded since, the newest event alone.',
      }),
    },
    extensions: { sharing },
    subscribe: (_root, { streamId, sessionId, after }, { subscriptions }) =>
      subscriptions.episodes({
        ...toScope({ streamId, sessionId }),
        ...(after != null && { after }),
      }) as Promise<AsyncIterable<SentEpisode>>,
    resolve: (event) => event,
  }),
);
