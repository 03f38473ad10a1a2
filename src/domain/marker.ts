/** Markers: what happened in a session, and when, so that sessions can be laid over each other by it. */
import { inMicroseconds } from './quantise.ts';
import { isOneLine } from './storable-text.ts';

/** Most markers of a session. */
export const MAX_MARKERS = 1_000;
export const MAX_MARKER_NAME = 200;
/** The latest in a session, in seconds of media time: a year. */
export const LATEST_MARKER = 31_622_400;

export interface Marker {
  name: string;
  /** Seconds of media time, in whole microseconds. */
  time: number;
}

/** When something happened: in seconds of media time, by the wall clock in milliseconds since the epoch, or while it is told. */
export type MarkerTime = { media: number } | { wall: number } | 'NOW';

/** A marker that is to be added. */
export interface NewMarker {
  name: string;
  when: MarkerTime;
}

/** Markers that are to be removed: all of a name, or the one at a time. */
export interface MarkerChoice {
  name: string;
  time: number | null;
}

export function isMarkerName(name: string): boolean {
  return name.trim() !== '' && name.length <= MAX_MARKER_NAME && isOneLine(name);
}

export function isMarkerTime(seconds: number): boolean {
  return seconds >= 0 && seconds <= LATEST_MARKER;
}

/** As they are kept: the same name and time is one marker. */
export function asKept({ name, time }: Marker): Marker {
  return { name: name.trim(), time: inMicroseconds(time) };
}
