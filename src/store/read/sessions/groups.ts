/** Which group a stretch of a session belongs to, and in which order groups are told. */
import type { GroupedSession, Grouping, Period, SessionsGroup } from '../../../domain/sessions-aggregate.ts';

export type GroupKey = Pick<SessionsGroup, 'streamId' | 'sessionId' | 'period' | 'tags'>;

interface Groupable {
  session: GroupedSession;
  stretch: { period: Period | null };
}

interface Group<Part> {
  key: GroupKey;
  parts: Part[];
}

/** @param sessions in the order of their creation */
export function groupParts<Part extends Groupable>(
  parts: readonly Part[],
  groupBy: readonly Grouping[],
): Group<Part>[] {
  const groups = new Map<string, Group<Part>>();
  // All together are a group also where there is nothing.
  if (groupBy.length === 0) groups.set(nameOf(ALL), { key: ALL, parts: [] });
  for (const part of parts) {
    const key = keyOf(groupBy, part);
    const name = nameOf(key);
    const group = groups.get(name) ?? { key, parts: [] };
    groups.set(name, group);
    group.parts.push(part);
  }
  return [...groups.values()].sort((a, b) => compare(a.key, b.key));
}

const ALL: GroupKey = { streamId: null, sessionId: null, period: null, tags: [] };

function keyOf(groupBy: readonly Grouping[], { session, stretch: { period } }: Groupable): GroupKey {
  const units = groupBy.map(({ by }) => by);
  const keys = groupBy.flatMap((grouping) => (grouping.by === 'TAG' ? [grouping.key] : []));
  return {
    streamId: units.includes('STREAM') ? session.streamId : null,
    sessionId: units.includes('SESSION') ? session.id : null,
    period,
    tags: keys.map((key) => ({ key, value: Object.hasOwn(session.tags, key) ? session.tags[key]! : null })),
  };
}

function nameOf({ streamId, sessionId, period, tags }: GroupKey): string {
  return JSON.stringify([streamId, sessionId, period?.start, tags.map(({ value }) => value)]);
}

/** By the values of their tags, those without last; then by time, what lies in none last. Others stay in the order in which they came: sorting is stable. */
function compare(a: GroupKey, b: GroupKey): number {
  for (const [at, { value }] of a.tags.entries()) {
    const other = b.tags[at]!.value;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? 1 : -1;
    return value < other ? -1 : 1;
  }
  return (a.period?.start ?? Number.MAX_VALUE) - (b.period?.start ?? Number.MAX_VALUE);
}
