/** Sessions summed up: whole, or as much of them as lies in a stretch of time. */
import type { SessionSummary } from '../../domain/aggregate.ts';
import { isId } from '../../domain/id-format.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { PrismaClient } from '../generated/client.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import { elapsedIn, elapsedInAll, erasedRanges, overlaps, type Range } from './elapsed-less-erased.ts';
import { mediaStretches } from './media-stretches.ts';
import { coverBySpans, SUMMARY, SUMMARY_OF_STRETCHES, TRACKS_IN_STRETCHES } from './rollup-sql.ts';
import { NO_SUMS, type SumRow, toAggregate } from './sum-row.ts';

/** In the order of the ids. */
export async function readSummaries(
  prisma: PrismaClient,
  sessionIds: readonly string[],
  range: TimeRange | undefined,
): Promise<SessionSummary[]> {
  const ids = sessionIds.filter(isId);
  const rows = await prisma.$queryRawUnsafe<SummaryRow[]>(SUMMARY, `{${ids.join()}}`);
  const whole = new Map(rows.map((row) => [row.id, row]));
  const summaries = range === undefined ? null : await inRange(prisma, whole, range);
  return sessionIds.map((id) => summaries?.get(id) ?? toSummary(whole.get(id)));
}

interface SummaryRow {
  id: string;
  /** Where its source began and ended, in seconds of media time; null without a moment. */
  start: number | null;
  end: number | null;
  tracks: number;
  smallestFace: number | null;
  erased: string | null;
  /** SumRow as JSON, without its brackets. */
  sums: string;
  /** Frames dropped behind the last moment, as in a SumRow. */
  trailing: string;
}

function toSummary(row: SummaryRow | undefined): SessionSummary {
  const sums = row === undefined ? NO_SUMS : (JSON.parse(`[${row.sums}]`) as SumRow);
  const start = row?.start ?? 0;
  const end = Math.max(start, row?.end ?? start);
  return {
    ...toAggregate(sums, { start, end, ...elapsedIn({ start, end }, erasedRanges(row?.erased ?? null)) }),
    tracks: row?.tracks ?? 0,
    smallestFace: row?.smallestFace ?? null,
  };
}

async function inRange(
  prisma: PrismaClient,
  whole: ReadonlyMap<string, SummaryRow>,
  range: TimeRange,
): Promise<Map<string, SessionSummary>> {
  const found = await mediaStretches(prisma, [...whole.keys()], range);
  const stretches = new Map(
    [...whole.values()].map(({ id, start, end }) => {
      // With a last moment that stands for nothing, at a whole second.
      const there = { start: Math.floor(start ?? 0), end: Math.floor(end ?? -1) + 1 };
      return [id, overlaps(found.get(id) ?? [], there)];
    }),
  );
  const sums = await readSums(prisma, stretches);
  const tracks = await countTracks(prisma, stretches);
  return new Map(
    [...whole.values()].map((row) => {
      const own = { sums: sums.get(row.id) ?? NO_SUMS, tracks: tracks.get(row.id) ?? 0 };
      return [row.id, summaryOf(row, stretches.get(row.id) ?? [], own)];
    }),
  );
}

/** Where it ends with the session, frames that were dropped behind its last moment are told, too. */
function summaryOf(
  row: SummaryRow,
  stretches: readonly Range[],
  { sums, tracks }: { sums: SumRow; tracks: number },
): SessionSummary {
  const source = { start: row.start ?? 0, end: row.end ?? 0 };
  const own = overlaps(stretches, source);
  const [start, end] = [own[0]?.start ?? 0, own.at(-1)?.end ?? 0];
  const isThere = own.length > 0 || sums[FRAMES]! > 0;
  const reachesEnd = isThere && stretches.at(-1)!.end >= source.end;
  const trailing = reachesEnd ? (JSON.parse(`[${row.trailing}]`) as number[]) : [];
  const withTrailing = sums.map((sum, at) => sum + (trailing[at - FIRST_DROPPED] ?? 0));
  return {
    ...toAggregate(withTrailing, { start, end, ...elapsedInAll(own, erasedRanges(row.erased)) }),
    tracks,
    smallestFace: row.smallestFace,
  };
}

/** Where a SumRow tells of frames, and of dropped ones. */
const FRAMES = 1;
const FIRST_DROPPED = 2;

type Stretches = ReadonlyMap<string, readonly Range[]>;

async function readSums(prisma: PrismaClient, stretches: Stretches): Promise<Map<string, SumRow>> {
  const pieces = [...stretches].flatMap(([id, own]) =>
    own.flatMap(({ start, end }) =>
      coverBySpans(start, end, Math.max(...ROLLUP_SPANS)).map((piece) => ({ id, ...piece })),
    ),
  );
  const list = (values: readonly (string | number)[]) => `{${values.join()}}`;
  const rows = await prisma.$queryRawUnsafe<{ id: string; sums: string }[]>(
    SUMMARY_OF_STRETCHES,
    list(pieces.map(({ id }) => id)),
    list(pieces.map(({ span }) => span)),
    list(pieces.map(({ from }) => from)),
    list(pieces.map(({ to }) => to)),
  );
  return new Map(rows.map(({ id, sums }) => [id, JSON.parse(`[${sums}]`) as SumRow]));
}

async function countTracks(prisma: PrismaClient, stretches: Stretches): Promise<Map<string, number>> {
  const flat = [...stretches].flatMap(([id, own]) => own.map((stretch) => ({ id, ...stretch })));
  const rows = await prisma.$queryRawUnsafe<{ id: string; tracks: number }[]>(
    TRACKS_IN_STRETCHES,
    `{${flat.map(({ id }) => id).join()}}`,
    `{${flat.map(({ start }) => start).join()}}`,
    `{${flat.map(({ end }) => end).join()}}`,
  );
  return new Map(rows.map(({ id, tracks }) => [id, tracks]));
}
