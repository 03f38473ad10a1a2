/** Moments: all faces of one frame, as subscribers get them and as the timeline is read. */
import { z } from 'zod';
import type { SentMoment } from '../../domain/live-event.ts';
import { MienError } from '../../errors.ts';
import type { Sharing } from '../fanout/operation.ts';
import { builder } from './builder.ts';
import { FaceReadingType } from './face.ts';
import { assertId } from './ids.ts';
import { DroppedFramesType, droppedByReason, totalDropped } from './scalars.ts';

export const FrameEmotionsType = builder.objectRef<SentMoment>('FrameEmotions').implement({
  description: 'A moment: all faces of one scored frame. Moments are pushed after they are stored.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description:
        'Where this moment stands. Pass the last one you saw as `after` to go on without gap or duplicate.',
    }),
    sessionId: t.id({ description: 'The session it belongs to.', resolve: ({ moment }) => moment.sessionId }),
    seq: t.int({
      description: 'Its number within the session, from 0, without gaps.',
      resolve: ({ moment }) => moment.seq,
    }),
    mediaTime: t.float({
      description: 'Seconds since the source’s own start.',
      resolve: ({ moment }) => moment.mediaTime,
    }),
    wallTime: t.field({
      type: 'DateTime',
      description: 'When the frame was taken (live sources) or read (files).',
      resolve: ({ moment }) => new Date(moment.wallTime),
    }),
    droppedBefore: t.int({
      description: 'Frames that were not scored since the moment before.',
      resolve: ({ moment }) => totalDropped(moment.dropped),
    }),
    dropped: t.field({
      type: [DroppedFramesType],
      description: 'The frames of `droppedBefore`, by reason.',
      resolve: ({ moment }) => droppedByReason(moment.dropped),
    }),
    skippedBefore: t.exposeInt('skippedBefore', {
      description:
        'Moments that were not sent before this one, because this subscriber was too slow. They are stored: read them with `Session.timeline`.',
    }),
    faces: t.field({
      type: [FaceReadingType],
      description: 'The faces in the frame; empty when there is none.',
      resolve: ({ moment }) => moment.faces.map((face) => ({ ...face, sessionId: moment.sessionId })),
    }),
  }),
});

/** Moments of one stream or session are totally ordered; those of several streams are not. */
const sharing: Sharing = {
  isShareable: ({ after }) => after == null,
  resume: {
    argument: 'after',
    isOrdered: ({ streamId, sessionId }) => streamId != null || sessionId != null,
    positionOf: (event) => {
      const { sessionId, seq } = (event as SentMoment).moment;
      return `${sessionId}/${seq}`;
    },
  },
};

builder.subscriptionField('frameEmotions', (t) =>
  t.field({
    type: FrameEmotionsType,
    description:
      'Every moment as it happens: of one stream, of one session, or, when neither is given, of every running stream.',
    args: {
      streamId: t.arg.id({ description: 'Only this stream, through all its sessions.' }),
      sessionId: t.arg.id({ description: 'Only this session; ends when the session does.' }),
      after: t.arg.string({
        description:
          'A `cursor` to resume from: first everything behind it that is stored, then what happens. Of all streams: in the order of `wallTime` while it is read from the store.',
      }),
      every: t.arg.int({
        description: 'At most one moment per so many milliseconds of media time.',
        validate: z.number().int().min(1, '`every` must be 1 millisecond or more.').nullish(),
      }),
    },
    extensions: { sharing },
    subscribe: (_root, { streamId, sessionId, after, every }, { subscriptions }) => {
      if (streamId != null && sessionId != null) {
        throw new MienError('BAD_INPUT', 'Give `streamId` or `sessionId`, not both.');
      }
      return subscriptions.moments({
        ...(streamId != null && { streamId: assertId('stream', streamId) }),
        ...(sessionId != null && { sessionId: assertId('session', sessionId) }),
        ...(after != null && { after }),
        ...(every != null && { every }),
      }) as Promise<AsyncIterable<SentMoment>>;
    },
    resolve: (event) => event,
  }),
);
