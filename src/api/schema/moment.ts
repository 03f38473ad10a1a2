/** Moments: all faces of one frame, as subscribers get them and as the timeline is read. */
import { totalDrops } from '../../domain/frame.ts';
import type { SentMoment } from '../../domain/live-event.ts';
import type { Context } from '../context/context.ts';
import type { Sharing } from '../fanout/operation.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';
import { FaceReadingType } from './face.ts';
import { FaceFilterInput, toFaceFilter } from './face-filter.ts';
import { partId } from './ids.ts';
import { toScope } from './live-scope.ts';
import { loadSession } from './load-rows.ts';
import { NodeInterface } from './node.ts';
import { DroppedFramesType, droppedByReason } from './scalars.ts';
import { toMilliseconds } from './seconds.ts';
import { SessionType } from './session.ts';

export const FrameEmotionsType = builder.objectRef<SentMoment>('FrameEmotions').implement({
  extensions: AS_PARENT,
  interfaces: [NodeInterface],
  description: 'A moment: all faces of one scored frame. Moments are pushed after they are stored.',
  fields: (t) => ({
    id: t.id({
      description: 'Its id, unique across all types.',
      resolve: ({ moment: { sessionId, seq } }) => partId(sessionId, 'moment', seq),
    }),
    cursor: t.exposeString('cursor', {
      description:
        'Where this moment stands. Pass the last one you saw as `after` to go on without gap or duplicate.',
    }),
    sessionId: t.id({ description: 'The session it belongs to.', resolve: ({ moment }) => moment.sessionId }),
    session: t.field({
      type: SessionType,
      nullable: true,
      description:
        'The session it belongs to, read anew for each moment that is pushed; null when it was removed since.',
      resolve: ({ moment }, _args, context, info) => loadSession(moment.sessionId, context, info),
    }),
    seq: t.int({
      description: 'Its number within the session, from 0, without gaps.',
      resolve: ({ moment }) => moment.seq,
    }),
    mediaTime: t.float({
      description:
        'Seconds since the source’s own start, in whatever container it comes: of a recording the start of whichever of its tracks begins first (0 is where players begin to count, so this is the `currentTime` of a `<video>`; video that begins 3 s after its sound begins at 3), of a live source its first frame in this session. A source without a clock of its own, such as MJPEG or bare H.264 over HTTP, is timed by when its frames came. In whole microseconds. Of a looped stream it goes on through all passes: see `loopIndex`.',
      resolve: ({ moment }) => moment.mediaTime,
    }),
    wallTime: t.field({
      type: 'DateTime',
      description: 'When the frame was taken (live sources) or read (files).',
      resolve: ({ moment }) => new Date(moment.wallTime),
    }),
  }),
});

builder.objectFields(FrameEmotionsType, (t) => ({
  loopIndex: t.int({
    nullable: true,
    description:
      'Of a stream with `loop`: how often the recording had been played when this frame came, from 0, since it was last opened. `mediaTime` is `loopIndex` times the length of one pass plus `sourceTime`, to 1 ms, until the session had to open the recording anew (`RECONNECTING`). A pass is as long as its video track: from its first frame to the end of its last one, which is shown for as long as the one before it (where it is the only one, for an interval of the rate that the recording states, or 0.04 s). Null of streams that are not looped, and in sessions that were recorded before mien kept it.',
    resolve: ({ moment }) => moment.loop?.pass ?? null,
  }),
  sourceTime: t.float({
    nullable: true,
    description:
      'Of a stream with `loop`: where in the recording this frame lies, in seconds since its start, as `mediaTime` is in the first pass. Null where `loopIndex` is; of a recording that is not looped `mediaTime` says it.',
    resolve: ({ moment }) => moment.loop?.sourceTime ?? null,
  }),
}));

builder.objectFields(FrameEmotionsType, (t) => ({
  previousDuration: t.float({
    description:
      'For how long the moment before stands, in seconds: to this one, where no frame was dropped on the way and the two lie at most two of the stream’s intervals (1 / `frameRate`) apart, give or take 8 ms or a quarter of an interval if that is less, as they do where a source has a few frames more than are scored; otherwise to this one, but at most 1.5 times the larger of the stream’s interval and the source’s own, which is the median of the last five steps from moment to moment, this one included, each shared out among the frames dropped on the way (of an even number the lower one in the middle; without a first step of more than 10 s), and at most 600 s. What is left to this moment’s `mediaTime` is a hole, or belongs to dropped frames. The newest moment of a session stands for its own `previousDuration` (so of the first it is 1 / `frameRate`), but not beyond the end of a recording that says how long it is, which is then `SessionSummary.end`. Faces times the duration of their moment, added up over `timeline`, are the `seconds` of aggregates. 0 in sessions that were recorded before mien kept it.',
    resolve: ({ moment }) => moment.previousDuration,
  }),
  cut: t.boolean({
    description:
      'Whether another scene begins with this frame (a hard cut): faces are searched and followed anew, and nothing of the moments before is smoothed into this one.',
    resolve: ({ moment }) => moment.cut,
  }),
  droppedBefore: t.int({
    description:
      'Frames that were not scored since the moment before; where the source paused, those that it would have given count too.',
    resolve: ({ moment }) => totalDrops(moment.dropped),
  }),
  dropped: t.field({
    type: [DroppedFramesType],
    description: 'The frames of `droppedBefore`, by reason.',
    resolve: ({ moment }) => droppedByReason(moment.dropped),
  }),
  skippedBefore: t.exposeInt('skippedBefore', {
    description:
      'Moments that were not sent before this one, because this subscriber was too slow; whether `filter` and `every` would have let them through was not looked at. They are stored: read them with `Session.timeline`.',
  }),
  faces: t.field({
    type: [FaceReadingType],
    description: 'The faces in the frame; empty when there is none.',
    resolve: ({ moment }) => moment.faces.map((face) => ({ ...face, sessionId: moment.sessionId })),
  }),
}));

export const FrameEmotionsConnection = builder.connectionObject({
  type: FrameEmotionsType,
  name: 'FrameEmotionsConnection',
});

const sharing: Sharing = {
  resume: {
    argument: 'after',
    cursorOf: (event) => (event as SentMoment).cursor,
    cursorOfNow: (args, context) => (context as Context).subscriptions.cursorOfNow('moments', toScope(args)),
  },
};

/** @param seconds as they are given @returns milliseconds @throws MienError BAD_INPUT */
export function toEvery(seconds: number | null | undefined): number | undefined {
  return seconds == null ? undefined : toMilliseconds(seconds, 'every', { least: 1, most: 86_400_000 });
}

builder.subscriptionField('frameEmotions', (t) =>
  t.field({
    authScopes: { role: 'VIEWER' },
    type: FrameEmotionsType,
    description:
      'Every moment as it happens: of one stream, of one session, or, when neither is given, of every running stream.',
    args: {
      streamId: t.arg.id({ description: 'Only this stream, through all its sessions.' }),
      sessionId: t.arg.id({ description: 'Only this session; ends when the session does.' }),
      after: t.arg.string({
        description:
          'A `cursor` to resume from: first everything behind it that is stored, then what happens. Of all streams: in the order in which they were stored.',
      }),
      every: t.arg.float({
        description:
          'At most one moment of a session in each stretch of so many seconds of media time, counted from 0: the first that there is (and that `filter` lets through), whoever asks: who begins in the middle of a stretch that has its moment waits for the next one. From 0.001 to 86400, in steps of 0.001; left out: all.',
      }),
      filter: t.arg({
        type: FaceFilterInput,
        description:
          'Only these faces, and moments with one of them. What is left out counts neither as skipped nor as a gap; its `dropped` frames are told with the next moment.',
      }),
    },
    extensions: { sharing },
    subscribe: (_root, { streamId, sessionId, after, every, filter }, { subscriptions }) =>
      subscriptions.moments({
        ...toScope({ streamId, sessionId }),
        ...(after != null && { after }),
        ...(every != null && { every: toEvery(every)! }),
        filter: toFaceFilter(filter),
      }) as Promise<AsyncIterable<SentMoment>>,
    resolve: (event) => event,
  }),
);
