/** Whether an event tells of what an erasure has taken away. */
import { type ErasureStep, HALF_STEP, type StretchStep } from '../domain/erasure.ts';
import type { LiveEvent, LiveEventOf } from '../domain/live-event.ts';
import type { Episode, Moment } from '../domain/moment.ts';

type Recorded = LiveEventOf<'moment' | 'episode'>;

export function isErased(step: ErasureStep, event: LiveEvent): boolean {
  if (event.kind !== 'moment' && event.kind !== 'episode') return false;
  if (step.do !== 'SESSION' && step.do !== 'TRACK' && step.do !== 'STRETCH') return false;
  if (sessionOf(event) !== step.sessionId) return false;
  switch (step.do) {
    case 'SESSION':
      return true;
    case 'TRACK':
      return event.kind === 'moment'
        ? event.moment.faces.some(({ track }) => track === step.track)
        : event.event.episode.track === step.track;
    case 'STRETCH':
      return event.kind === 'moment' ? isIn(step, event.moment) : isCut(step, event.event.episode);
  }
}

function sessionOf(event: Recorded): string {
  return event.kind === 'moment' ? event.moment.sessionId : event.event.episode.sessionId;
}

function isIn({ fromSeq, toSeq }: StretchStep, { seq }: Moment): boolean {
  return seq >= fromSeq && seq <= toSeq;
}

function isCut({ since, until }: StretchStep, { onset, offset }: Episode): boolean {
  return onset < until - HALF_STEP && (offset === null || offset >= since - HALF_STEP);
}
