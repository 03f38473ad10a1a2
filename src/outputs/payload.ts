/** What a webhook is sent, and topics of MQTT: a type, a time, and data (docs/outputs.md shows one of each). */
import type { Episode } from '../domain/moment.ts';
import type { OutputRule } from '../domain/output.ts';
import { COVERAGE_SECONDS } from './coverage-watch.ts';
import type { OutputMessage, Standing, StreamName } from './message.ts';
import { momentOf } from './moment-payload.ts';

export interface Payload {
  type: string;
  /** When it happened, by the clock of what is recorded (ISO 8601). */
  timestamp: string;
  data: object;
}

export function payloadOf(message: OutputMessage): Payload {
  const { stream, sessionId, at, isErased } = message;
  const { type, data } = partsOf(message);
  return {
    type,
    timestamp: at.toISOString(),
    data: {
      ...{ stream, ...(sessionId !== null && { session: { id: sessionId } }), ...data },
      ...(isErased && { erased: true }),
    },
  };
}

/** Of `testOutput`: what an episode's beginning looks like, without any. */
export function examplePayload(now: number): Payload {
  const data = { note: 'An example, sent because somebody asked whether this output works.' };
  return { type: 'mien.test', timestamp: new Date(now).toISOString(), data };
}

/** Of who asks how it is now, and not what happened. */
export function standingPayloads(stream: StreamName, { active }: Standing, now: number) {
  const at = new Date(now).toISOString();
  const as = (type: string, data: object) => ({ type, at, stream, ...data });
  return {
    coverage: () => as('coverage.now', {}),
    rule: (rule: OutputRule) => as('rule.now', { rule: ruleOf(rule), tracks: active(rule) }),
  };
}

function partsOf(message: OutputMessage): { type: string; data: object } {
  switch (message.type) {
    case 'episode':
      return {
        type: `episode.${message.kind.toLowerCase()}`,
        data: { episode: episodeOf(message) },
      };
    case 'state': {
      const { state, failure } = message.session;
      return { type: 'session.state', data: { state, failure } };
    }
    case 'moment':
      return { type: 'moment', data: momentOf(message.moment) };
    case 'removed':
      return { type: 'stream.removed', data: {} };
    case 'coverage': {
      const { isLow, isOver, coverage, mediaTime, isErased } = message;
      const measured = { coverage: rounded(coverage), seconds: COVERAGE_SECONDS, mediaTime };
      return {
        type: isLow ? 'coverage.low' : isOver ? 'coverage.ended' : 'coverage.restored',
        data: isErased ? {} : measured,
      };
    }
    case 'rule': {
      const { rule, holds, track, since, until, active, isErased } = message;
      const lasted = isErased ? {} : { since, until };
      return {
        type: holds ? 'rule.began' : 'rule.ended',
        data: { rule: ruleOf(rule), trackNumber: track, ...lasted, tracks: active },
      };
    }
  }
}

function episodeOf({ episode, isErased }: { episode: Episode; isErased?: true }): object {
  const { sessionId, index, track, expression, onset, apex, offset, peak } = episode;
  const id = `${sessionId}:episode:${index}`;
  if (isErased) return { id };
  return { id, trackNumber: track, apparentExpression: expression, onset, apex, offset, peak };
}

function ruleOf({ name, expression, minDuration, minConfidence }: OutputRule): object {
  return { name, apparentExpression: expression, minDuration, minConfidence };
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000;
}
