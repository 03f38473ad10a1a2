/**
 * Sums over several sessions, read from rollups alone, as those of one session are. What an answer would take is counted before each
 * step of it: sessions, borders by the wall clock, groups, sums, rollups, and buckets, each with a limit.
 */
import type {
  GroupedSession,
  Period,
  SessionsAggregateOptions,
  SessionsGroup,
  Trials,
} from '../../../domain/sessions-aggregate.ts';
import type { PrismaClient } from '../../generated/client.ts';
import type { Range } from '../elapsed-less-erased.ts';
import { mediaStretches } from '../media-stretches.ts';
import { assertFewRollups } from '../rollup-limits.ts';
import type { SumRow } from '../sum-row.ts';
import { partsByBucket, toBuckets } from './buckets.ts';
import { createCombine } from './combine-sums.ts';
import { groupParts } from './groups.ts';
import {
  assertFewBorders,
  assertFewBuckets,
  assertFewGroups,
  assertFewSecondParts,
  assertFewSessions,
  assertFewSums,
  assertFewTrialBuckets,
} from './limits.ts';
import { readMarkers } from './marker-times.ts';
import { readSums, readTracks } from './read-sums.ts';
import { countBuckets, type Pieces, piecesOf } from './rollup-pieces.ts';
import { readTimes, type SessionTimes } from './session-times.ts';
import { isThere, passedIn, type StretchTotals, sumUp } from './stretch-totals.ts';
import { bordersOf, createCutter, type Stretch } from './stretches.ts';
import { countTrialBuckets, type TrialRange, trialRanges } from './trials.ts';
import { readCuts } from './wall-clock-borders.ts';

/** @param sessions in the order of their creation @throws MienError BAD_INPUT */
export async function aggregateSessions(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<SessionsGroup[]> {
  assertFewSessions(sessions.length);
  const { bucket, work } = options;
  work?.take('sessions', sessions.length);
  const groups = groupParts(await readParts(prisma, sessions, options), options.groupBy).map(
    ({ key, parts: all }) => {
      const parts = all.flatMap(({ summed }) => summed ?? []);
      const leftOut = all.length - parts.length;
      const buckets = bucket === undefined ? null : partsByBucket(parts, bucket.seconds);
      return { key, parts, leftOut, buckets };
    },
  );
  assertFewGroups(groups.length);
  const told = groups.reduce((sum, { buckets }) => sum + (buckets?.size ?? 0), 0);
  assertFewBuckets(told, groups.length);
  work?.take('buckets', groups.length + told);
  const combine = createCombine();
  return groups.map(({ key, parts, leftOut, buckets }) => ({
    ...key,
    ...combine(parts),
    leftOut,
    tracks: parts.reduce((sum, { tracks }) => sum + tracks, 0),
    buckets: bucket === undefined || buckets === null ? null : toBuckets(buckets, bucket, combine),
  }));
}

interface Part {
  session: GroupedSession;
  stretch: { period: Period | null };
  /** Null: it is left out. */
  summed: StretchTotals | null;
}

/** With the sessions that have no trial, where those are asked for: they are in no day and no hour. */
async function readParts(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<Part[]> {
  const summed = await readSummed(prisma, sessions, options);
  const parts: Part[] = summed.map((one) => ({ session: one.session, stretch: one.stretch, summed: one }));
  if (options.trials === undefined) return parts;
  const there = new Set(summed.map(({ session }) => session));
  const without = sessions.filter((session) => !there.has(session));
  const places = new Map(sessions.map((session, at) => [session, at]));
  return [
    ...parts,
    ...without.map((session): Part => ({ session, stretch: { period: null }, summed: null })),
  ].sort((a, b) => places.get(a.session)! - places.get(b.session)!);
}

type Times = (stretch: Stretch) => SessionTimes;

async function readSummed(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<StretchTotals[]> {
  const { times, stretches } = await cutAll(prisma, sessions, options);
  if (stretches.length === 0) return [];
  const seconds = options.bucket?.seconds;
  const sessionOf = ({ session }: Stretch) => sessions[session]!;
  const timesOf = (stretch: Stretch) => times.get(sessionOf(stretch).id)!;
  const parts = stretches.map((stretch) => ({ session: sessionOf(stretch), stretch }));
  const certain = parts.filter(({ stretch }) => stretch.isWhole || passes(stretch, timesOf(stretch)));
  assertFewGroups(groupParts(certain, options.groupBy).length);
  const made = assertFewSums(stretches, (stretch) => countBuckets(stretch, timesOf(stretch), seconds));
  const pieces = allPieces(stretches, timesOf, options);
  options.work?.take('sums', made);
  const [sums, tracks] = await Promise.all([
    readSums(prisma, pieces, ({ stretch }) => parts[stretch]!.session.id, options),
    readTracks(prisma, stretches, (stretch) => sessionOf(stretch).id),
  ]);
  return parts
    .map((part, at) =>
      sumUp({
        ...{ ...part, times: timesOf(part.stretch) },
        ...{ buckets: sums.get(at) ?? new Map<number, SumRow>(), tracks: tracks.get(at) ?? 0 },
      }),
    )
    .filter(isThere);
}

function passes({ from, to }: Stretch, times: SessionTimes): boolean {
  const { elapsed, erased } = passedIn({ start: from, end: to }, times);
  return elapsed + erased > 0;
}

/** @throws MienError BAD_INPUT */
function allPieces(
  stretches: readonly Stretch[],
  timesOf: Times,
  { bucket, work }: SessionsAggregateOptions,
): Pieces {
  const pieces: Pieces = { rollups: [], parts: [] };
  let rollups = 0;
  for (const [at, stretch] of stretches.entries()) {
    const own = piecesOf(stretch, at, timesOf(stretch), bucket?.seconds);
    rollups = assertFewRollups(own.rollups, rollups);
    assertFewSecondParts(pieces.parts.length + own.parts.length);
    for (const piece of own.rollups) pieces.rollups.push(piece);
    for (const part of own.parts) pieces.parts.push(part);
  }
  work?.take('rollups', rollups);
  work?.take('seconds', pieces.parts.length);
  return pieces;
}

/** Sessions that are gone meanwhile are left out. */
async function cutAll(
  prisma: PrismaClient,
  sessions: readonly GroupedSession[],
  options: SessionsAggregateOptions,
): Promise<{ times: ReadonlyMap<string, SessionTimes>; stretches: Stretch[] }> {
  const cutter = createCutter(options);
  const ids = sessions.map(({ id }) => id);
  const times = await readTimes(prisma, ids, cutter.isByWall);
  assertFewBorders([...times.values()].reduce((sum, own) => sum + cutter.countBorders(own), 0));
  const found = sessions.flatMap(({ id }, at) => {
    const own = times.get(id);
    return own === undefined ? [] : [{ id, at, own, divided: cutter.divide(own) }];
  });
  const borders = found.flatMap(({ id, own, divided }) =>
    bordersOf(own, divided).map((at) => ({ session: id, at })),
  );
  assertFewBorders(borders.length);
  options.work?.take('borders', borders.length);
  const cuts = await readCuts(prisma, borders, options.work);
  const asked = options.range && (await mediaStretches(prisma, ids, options.range));
  const rangesOf = (id: string) => asked && (asked.get(id) ?? []);
  const trials = options.trials && (await trialsOf(prisma, found, options.trials, rangesOf));
  if (trials) assertFewTrialBuckets(countTrialBuckets([...trials.values()].flat(), options.bucket?.seconds));
  const stretches = found.flatMap(({ id, at, own, divided }) =>
    cutter.cut(own, at, divided, cuts(id), rangesOf(id), trials?.get(id)),
  );
  return { times, stretches };
}

/** By session. */
async function trialsOf(
  prisma: PrismaClient,
  sessions: readonly { id: string; own: SessionTimes }[],
  trials: Trials,
  rangesOf: (id: string) => readonly Range[] | undefined,
): Promise<Map<string, TrialRange[]>> {
  const ids = sessions.map(({ id }) => id);
  const markers = await readMarkers(prisma, ids, trials.marker);
  return new Map(
    sessions.map(({ id, own }) => [id, trialRanges(own, markers.get(id) ?? [], trials, rangesOf(id))]),
  );
}
