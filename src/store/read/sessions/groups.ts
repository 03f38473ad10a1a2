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

/** @param parts in the order of the creation of their sessions */
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
  const compare = comparing(groupBy, parts);
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

type Compare = (a: GroupKey, b: GroupKey) => number;

/** By what is named first, then by the next: streams and sessions as they come, days and hours in time, what has none of it last. */
function comparing(groupBy: readonly Grouping[], parts: readonly Groupable[]): Compare {
  const tags = groupBy.filter(({ by }) => by === 'TAG');
  const compares = groupBy.map((grouping): Compare => {
    if (grouping.by === 'TAG') {
      const at = tags.indexOf(grouping);
      return (a, b) => compareValues(a.tags[at]!.value, b.tags[at]!.value);
    }
    if (grouping.by === 'DAY' || grouping.by === 'HOUR')
      return (a, b) => compareValues(a.period?.start ?? null, b.period?.start ?? null);
    const [id, places] =
      grouping.by === 'STREAM'
        ? [({ streamId }: GroupKey) => streamId, placesOf(parts.map(({ session }) => session.streamId))]
        : [({ sessionId }: GroupKey) => sessionId, placesOf(parts.map(({ session }) => session.id))];
    return (a, b) => places.get(id(a)!)! - places.get(id(b)!)!;
  });
  return (a, b) => compares.reduce((order, compare) => order || compare(a, b), 0);
}

/** Where each of them comes first. */
function placesOf(ids: readonly string[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (const id of ids) if (!places.has(id)) places.set(id, places.size);
  return places;
}

function compareValues<Value extends string | number>(a: Value | null, b: Value | null): number {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return a < b ? -1 : 1;
}
