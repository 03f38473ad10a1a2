/** Which faces somebody wants to hear of; moments without one of them are left out. */
import type { Expression, FaceReading } from './face.ts';
import type { Moment } from './moment.ts';

/** All of what is given must hold. */
export interface FaceFilter {
  /** Number of the track within its session. */
  track?: number | undefined;
  /** The label; a face without one does not match. */
  expression?: Expression | undefined;
  /** Least confidence, 0 to 1. */
  minConfidence?: number | undefined;
}

/** The moment with the faces that match; null where none does. Without a filter it is the moment itself, with a face or without. */
export function withMatchingFaces(moment: Moment, filter: FaceFilter | undefined): Moment | null {
  if (filter === undefined) return moment;
  const faces = moment.faces.filter((face) => matches(face, filter));
  if (faces.length === 0) return null;
  return faces.length === moment.faces.length ? moment : { ...moment, faces };
}

function matches(face: FaceReading, { track, expression, minConfidence = 0 }: FaceFilter): boolean {
  return (
    (track === undefined || face.track === track) &&
    (expression === undefined || face.expression === expression) &&
    face.confidence >= minConfidence
  );
}
