/** Who hears of an event. */
import type { LiveEvent, LiveEventKind, Scope } from '../domain/live-event.ts';

/** The topic that a subscriber listens to. */
export function topicOf(kind: LiveEventKind, scope: Scope): string {
  if (scope.sessionId !== undefined) return `${kind}/session/${scope.sessionId}`;
  if (scope.streamId !== undefined) return `${kind}/stream/${scope.streamId}`;
  return `${kind}/all`;
}

/** The topics on which an event is heard. */
export function topicsOf(event: LiveEvent): string[] {
  const { kind, streamId } = event;
  const sessionId = sessionOf(event);
  const topics = [topicOf(kind, {}), topicOf(kind, { streamId })];
  return sessionId === undefined ? topics : [...topics, topicOf(kind, { sessionId })];
}

function sessionOf(event: LiveEvent): string | undefined {
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
