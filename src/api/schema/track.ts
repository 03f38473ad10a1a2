/** Tracks: faces followed through one session. */
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { partId } from './ids.ts';
import { NodeInterface } from './node.ts';

export const TrackType = builder.prismaObject('Track', {
  extensions: AS_PARENT,
  interfaces: [NodeInterface],
  description: 'A face followed through one session. The number names nobody.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, unique across all types.',
      resolve: ({ sessionId, track }) => partId(sessionId, 'track', track),
    }),
    number: t.exposeInt('track', {
      description: 'Its number within the session, from 1, by which readings and arguments name it.',
    }),
    session: t.relation('session', { description: 'The session it belongs to.' }),
    firstSeen: t.exposeFloat('firstSeen', {
      description: 'When it was first seen, in seconds of media time.',
    }),
    lastSeen: t.exposeFloat('lastSeen', { description: 'When it was last seen, in seconds of media time.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      description: 'When it was first seen, by the wall clock: the `wallTime` of that moment.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      description: 'When it was last seen, by the wall clock: the `wallTime` of that moment.',
    }),
    readings: t.exposeInt('readings', { description: 'In how many frames it was scored.' }),
  }),
});

export const TrackConnection = builder.connectionObject({ type: TrackType, name: 'TrackConnection' });
