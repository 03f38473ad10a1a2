/** A moment for programs that show the present: its faces without landmarks, and the largest of them once more, on top. */
import type { FaceReading } from '../domain/face.ts';
import type { Moment } from '../domain/moment.ts';

export function momentOf({ seq, mediaTime, faces }: Moment): object {
  const [largest] = [...faces].sort((one, other) => areaOf(other) - areaOf(one));
  const { expression = null, confidence = null, valence = null, arousal = null } = largest ?? {};
  return {
    ...{ seq, mediaTime, faces: faces.length },
    ...{ apparentExpression: expression, confidence, valence, arousal },
    readings: faces.map(readingOf),
  };
}

function readingOf({
  track,
  expression,
  confidence,
  valence,
  arousal,
  box,
  pose,
  quality,
}: FaceReading): object {
  return {
    ...{ trackNumber: track, apparentExpression: expression, confidence, valence, arousal },
    ...{ box, pose, quality: quality.score },
  };
}

function areaOf({ box }: FaceReading): number {
  return box.width * box.height;
}
