/** Which episodes and tracks have some of their time in a range. */
import type { TimeRange } from '../../domain/time-range.ts';
import type { Prisma } from '../generated/client.ts';

/** One that lasts has not ended. At its offset an episode still holds, as a track is still seen where it ends. */
export function episodesIn(range: TimeRange | undefined): Prisma.EpisodeWhereInput {
  if (range === undefined) return {};
  if (range.clock === 'MEDIA') {
    return { ...before('onset', range.to), OR: [{ offset: null }, { offset: { gte: range.from } }] };
  }
  const { from, to } = wallEnds(range);
  return {
    ...(to && { startedAt: { lt: to } }),
    ...(from && { OR: [{ endedAt: null }, { endedAt: { gte: from } }] }),
  };
}

export function tracksIn(range: TimeRange | undefined): Prisma.TrackWhereInput {
  if (range === undefined) return {};
  if (range.clock === 'MEDIA') return { ...before('firstSeen', range.to), lastSeen: { gte: range.from } };
  const { from, to } = wallEnds(range);
  return { ...(to && { startedAt: { lt: to } }), ...(from && { endedAt: { gte: from } }) };
}

function before<Name extends string>(name: Name, to: number): { [N in Name]?: { lt: number } } {
  return (Number.isFinite(to) ? { [name]: { lt: to } } : {}) as { [N in Name]?: { lt: number } };
}

function wallEnds({ from, to }: TimeRange): { from: Date | null; to: Date | null } {
  const dateOf = (time: number) => (Number.isFinite(time) ? new Date(time) : null);
  return { from: dateOf(from), to: dateOf(to) };
}
