/** What `erase` takes: exactly one way to say what is to go. */
import type { ErasureRequest } from '../../domain/erasure.ts';
import { MienError } from '../../errors.ts';
import { builder } from './builder.ts';
import { assertId } from './ids.ts';
import { TagInputType, toTags } from './tags.ts';

const EraseTrackInput = builder.inputType('EraseTrackInput', {
  description: 'One face of a session, in all its frames; they stay, without it.',
  fields: (t) => ({
    sessionId: t.id({ required: true, description: 'The session.' }),
    track: t.int({ required: true, description: 'The face, as in `FaceReading.track`.' }),
  }),
});

const EraseRangeInput = builder.inputType('EraseRangeInput', {
  description:
    'A stretch of time, of one session or of all sessions of a stream: either `from` and `to`, or, of a session, `mediaFrom` and `mediaTo`. Episodes that it touches go as a whole.',
  fields: (t) => ({
    sessionId: t.id({ description: 'The session.' }),
    streamId: t.id({ description: 'All sessions of this stream.' }),
    from: t.field({ type: 'DateTime', description: 'The first moment that goes, by the wall clock.' }),
    to: t.field({ type: 'DateTime', description: 'The first one behind it that stays.' }),
    mediaFrom: t.float({ description: 'The first moment that goes, in seconds of media time.' }),
    mediaTo: t.float({ description: 'The first one behind it that stays.' }),
  }),
});

export const EraseTargetInput = builder.inputType('EraseTargetInput', {
  description: 'What to erase: exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    session: t.id({
      description:
        'A whole session, which is stopped first if it runs. An upload that no other session has used goes too, with its stream.',
    }),
    track: t.field({ type: EraseTrackInput, description: 'One face of a session.' }),
    range: t.field({ type: EraseRangeInput, description: 'A stretch of time.' }),
    tag: t.field({
      type: TagInputType,
      description:
        'All streams with this tag, with their sessions and uploads, and all sessions with it; what runs is stopped.',
    }),
  }),
});

/** @throws MienError BAD_INPUT, NOT_FOUND */
export function toRequest({
  session,
  track,
  range,
  tag,
}: typeof EraseTargetInput.$inferInput): ErasureRequest {
  if (session != null) return { type: 'SESSION', sessionId: assertId('session', session) };
  if (track != null) {
    return { type: 'TRACK', sessionId: assertId('session', track.sessionId), track: track.track };
  }
  if (range != null) return toRange(range);
  if (tag != null) {
    const [[key, value] = ['', '']] = Object.entries(toTags([tag]));
    return { type: 'TAG', key, value };
  }
  throw new MienError('BAD_INPUT', 'Say what to erase: a session, a track, a range or a tag.');
}

function toRange(range: typeof EraseRangeInput.$inferInput): ErasureRequest {
  const { sessionId, streamId, from, to, mediaFrom, mediaTo } = range;
  if ((sessionId == null) === (streamId == null)) {
    throw new MienError('BAD_INPUT', 'A range is of either `sessionId` or `streamId`.');
  }
  const ids = {
    sessionId: sessionId == null ? null : assertId('session', sessionId),
    streamId: streamId == null ? null : assertId('stream', streamId),
  };
  const isWall = from != null && to != null && mediaFrom == null && mediaTo == null;
  const isMedia = mediaFrom != null && mediaTo != null && from == null && to == null && sessionId != null;
  if (!isWall && !isMedia) {
    throw new MienError(
      'BAD_INPUT',
      'A range has either `from` and `to`, or, of a session, `mediaFrom` and `mediaTo`.',
    );
  }
  const [start, end] = isWall ? [from.getTime(), to.getTime()] : [mediaFrom!, mediaTo!];
  if (!(end > start)) throw new MienError('BAD_INPUT', 'A range must end behind its beginning.');
  return { type: 'RANGE', ...ids, clock: isWall ? 'WALL' : 'MEDIA', from: start, to: end };
}
