/** Who hears of an event. */
import type { LiveEvent, LiveEventKind, Scope } from '../domain/live-event.ts';

/** The topic that a subscriber listens to. */
export function topicOf(kind: LiveEventKind, scope: Scope): string {
  if (kind === 'committed') return COMMITTED;
  if (scope.sessionId !== undefined) return `${kind}/session/${scope.sessionId}`;
  if (scope.streamId !== undefined) return `${kind}/stream/${scope.streamId}`;
  return `${kind}/all`;
}

/** The topics on which an event is heard. */
export function topicsOf(event: LiveEvent): string[] {
  if (event.kind === 'committed') return [COMMITTED];
  return topicsAt(event.kind, event.streamId, sessionOf(event));
}

/** The topics on which an event of this kind is heard, of a session or of a stream as a whole. */
export function topicsAt(kind: LiveEventKind, streamId: string, sessionId: string | undefined): string[] {
  const topics = [topicOf(kind, {}), topicOf(kind, { streamId })];
  return sessionId === undefined ? topics : [...topics, topicOf(kind, { sessionId })];
}

/** What is followed by somebody who listens to one of these topics. */
export function followedBy(topics: Iterable<string>): Followed {
  const followed = { all: false, streamIds: new Set<string>(), sessionIds: new Set<string>() };
  for (const topic of topics) {
    const [, scope, id = ''] = topic.split('/');
    if (scope === 'all') followed.all ||= topic !== COMMITTED;
    else (scope === 'stream' ? followed.streamIds : followed.sessionIds).add(id);
  }
  return followed;
}

export interface Followed {
  /** Somebody follows all streams. */
  all: boolean;
  streamIds: ReadonlySet<string>;
  sessionIds: ReadonlySet<string>;
}

/** Who reads in the order of commits listens to it, whatever of these they are told. */
const COMMITTED = 'committed/all';

/** Undefined: it is of a stream as a whole. */
export function sessionOf(event: Exclude<LiveEvent, { kind: 'committed' }>): string | undefined {
  switch (event.kind) {
    case 'moment':
      return event.moment.sessionId;
    case 'status':
      return event.session.id;
    case 'episode':
      return event.event.episode.sessionId;
    case 'removed':
      return event.sessionId;
  }
}
