/** Sums over several sessions, read from rollups alone, as those of one session are. */
import type {
  GroupedSession,
  SessionsAggregateOptions,
  SessionsGroup,
} from '../../../domain/sessions-aggregate.ts';
import type { PrismaClient } from '../../generated/client.ts';
import { mediaStretches } from '../media-stretches.ts';
import type { SumRow } from '../sum-row.ts';
import { bucketsOf } from './buckets.ts';
import { createCombine } from './combine.ts';
import { readCuts } from './cuts.ts';
import { groupParts } from './groups.ts';
import { assertFewBorders, assertFewGroups, assertFewSessions, assertFewSums } from './limits.ts';
import { countBuckets, type Piece, piecesOf } from './pieces.ts';
import { readSums, readTracks } from './read-sums.ts';
import { createCutter, type Stretch } from './stretches.ts';
import { isThere, type Summed, sumUp } from './summed.ts';
import { readTimes, type SessionTimes } from './times.ts';

/** @param sessions in the order of their creation @throws MienError BAD_INPUT */
export async function aggregateSessions(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<SessionsGroup[]> {
  assertFewSessions(sessions.length);
  const summed = await readSummed(prisma, sessions, options);
  const combine = createCombine();
  const { bucket } = options;
  const groups = groupParts(summed, options.groupBy).map(({ key, parts }) => ({
    ...key,
    ...combine(parts),
    tracks: parts.reduce((sum, { tracks }) => sum + tracks, 0),
    buckets: bucket === undefined ? null : bucketsOf(parts, bucket, combine),
  }));
  assertFewGroups(groups);
  return groups;
}

async function readSummed(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<Summed[]> {
  const { times, stretches } = await cutAll(prisma, sessions, options);
  if (stretches.length === 0) return [];
  const seconds = options.bucket?.seconds;
  const timesOf = ({ session }: Stretch) => times.get(sessions[session]!.id)!;
  const idOf = ({ session }: Stretch) => sessions[session]!.id;
  assertFewSums(stretches, (stretch) => countBuckets(stretch, timesOf(stretch), seconds));
  const pieces = stretches.flatMap((stretch, at) => piecesOf(stretch, at, timesOf(stretch), seconds));
  const [sums, tracks] = await Promise.all([
    readSums(prisma, pieces, ({ stretch }: Piece) => idOf(stretches[stretch]!), seconds),
    readTracks(prisma, stretches, idOf),
  ]);
  return stretches
    .map((stretch, at) =>
      sumUp({
        ...{ stretch, session: sessions[stretch.session]!, times: timesOf(stretch) },
        ...{ buckets: sums.get(at) ?? new Map<number, SumRow>(), tracks: tracks.get(at) ?? 0 },
      }),
    )
    .filter(isThere);
}

/** Sessions that are gone meanwhile are left out. */
async function cutAll(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<{ times: ReadonlyMap<string, SessionTimes>; stretches: Stretch[] }> {
  const cutter = createCutter(options);
  const ids = sessions.map(({ id }) => id);
  const times = await readTimes(prisma, ids);
  const found = sessions.flatMap(({ id }, at) => {
    const own = times.get(id);
    return own === undefined ? [] : [{ id, at, own }];
  });
  assertFewBorders(found.reduce((sum, { own }) => sum + cutter.countBorders(own), 0));
  const borders = found.flatMap(({ id, own }) => cutter.bordersOf(own).map((at) => ({ session: id, at })));
  const cuts = await readCuts(prisma, borders);
  const asked = options.range && (await mediaStretches(prisma, ids, options.range));
  const stretches = found.flatMap(({ id, at, own }) =>
    cutter.cut(own, at, cuts(id), asked && (asked.get(id) ?? [])),
  );
  return { times, stretches };
}
