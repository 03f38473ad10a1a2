/** Episodes: stretches of one expression on one face, and the subscription to their changes. */
import type { SentEpisode } from '../../domain/live-event.ts';
import type { Episode, EpisodeEventKind } from '../../domain/moment.ts';
import type { Sharing } from '../fanout/operation.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { describedValues } from './described-values.ts';
import { ExpressionEnum } from './expression.ts';
import { assertId } from './ids.ts';

export const EpisodeType = builder.objectRef<Omit<Episode, 'sessionId'>>('Episode').implement({
  extensions: AS_PARENT,
  description:
    'A stretch of time during which one face apparently kept one expression. Times are media time in seconds, and for `startedAt` and `endedAt` the wall clock.',
  fields: (t) => ({
    index: t.exposeInt('index', {
      description:
        'Its number within the session, from 0, in the order of onset; stretches too short to be told leave gaps.',
    }),
    track: t.exposeInt('track', { description: 'The face, as in `FaceReading.track`.' }),
    expression: t.field({
      type: ExpressionEnum,
      description: 'The expression.',
      resolve: ({ expression }) => expression,
    }),
    onset: t.exposeFloat('onset', { description: 'When it began.' }),
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
    skippedBefore: t.exposeInt('skippedBefore', {
      description: 'Events that were not sent before this one, because this subscriber was too slow.',
    }),
  }),
});

builder.subscriptionField('expressionEpisodes', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: EpisodeEventType,
    description:
      'Onset, apex and offset of every episode of a running session, as they happen; ends when the session does.',
    args: { sessionId: t.arg.id({ required: true, description: 'The session.' }) },
    extensions: { sharing: { isShareable: () => true } satisfies Sharing },
    subscribe: (_root, { sessionId }, { subscriptions }) =>
      subscriptions.episodes({ sessionId: assertId('session', sessionId) }) as Promise<
        AsyncIterable<SentEpisode>
      >,
    resolve: (event) => event,
  }),
);
