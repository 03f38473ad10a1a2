/** What travels on the bus, and who hears of it. */
import type { EpisodeEvent, Moment } from '../domain/moment.ts';

/** A session as its status is told; the bus looks at the id only. */
export interface Identified {
  id: string;
}

export type BusEvent<Session extends Identified> =
  | { kind: 'moment'; streamId: string; moment: Moment }
  | { kind: 'status'; streamId: string; session: Session }
  | { kind: 'episode'; streamId: string; event: EpisodeEvent }
  | { kind: 'removed'; streamId: string };
export type BusEventKind = BusEvent<Identified>['kind'];

/** One session, one stream, or (neither given) everything; the session counts where both are given. */
export interface Scope {
  streamId?: string | undefined;
  sessionId?: string | undefined;
}

/** The topic that a subscriber listens to. */
export function topicOf(kind: BusEventKind, scope: Scope): string {
  if (scope.sessionId !== undefined) return `${kind}/session/${scope.sessionId}`;
  if (scope.streamId !== undefined) return `${kind}/stream/${scope.streamId}`;
  return `${kind}/all`;
}

/** The topics on which an event is heard. */
export function topicsOf(event: BusEvent<Identified>): string[] {
  const { kind, streamId } = event;
  const sessionId = sessionOf(event);
  const topics = [topicOf(kind, {}), topicOf(kind, { streamId })];
  return sessionId === undefined ? topics : [...topics, topicOf(kind, { sessionId })];
}

function sessionOf(event: BusEvent<Identified>): string | undefined {
  switch (event.kind) {
    case 'moment':
      return event.moment.sessionId;
    case 'status':
      return event.session.id;
    case 'episode':
      return event.event.episode.sessionId;
    case 'removed':
      return undefined;
  }
}
