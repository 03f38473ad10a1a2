/** Reads the sums of stretches and their buckets, in as many statements as keep others from waiting. */
import type { SessionsAggregateOptions } from '../../../domain/sessions-aggregate.ts';
import type { PrismaClient } from '../../generated/client.ts';
import type { SumRow } from '../sum-row.ts';
import { addTo } from './combine-sums.ts';
import { readMomentSums, type SecondPart } from './moment-sums.ts';
import type { Piece, Pieces } from './rollup-pieces.ts';
import { addedSql, singleSql, TRACKS } from './session-sums-sql.ts';
import type { Stretch } from './stretches.ts';

/** Rollups that one statement adds up, or a little more. */
const ROLLUPS_PER_STATEMENT = 5_000;
/** While the sums of one statement are decoded, the database works on the next. */
const STATEMENTS_AT_ONCE = 2;

/** By stretch, then by bucket. */
export type SumsByBucket = ReadonlyMap<number, ReadonlyMap<number, SumRow>>;

export async function readSums(
  prisma: PrismaClient,
  { rollups: pieces, parts }: Pieces,
  sessionOf: (piece: Piece | SecondPart) => string,
  { bucket, work }: Pick<SessionsAggregateOptions, 'bucket' | 'work'>,
): Promise<SumsByBucket> {
  const seconds = bucket?.seconds;
  const sums = new Map<number, Map<number, number[]>>();
  const isSingle = ({ span, from, to, bucket: index }: Piece) =>
    index === null ? span === seconds : to - from === span;
  const batches = [
    ...batchesOf(pieces.filter(isSingle)).map((batch) => ({ batch, sqlOf: singleSql })),
    ...batchesOf(pieces.filter((piece) => !isSingle(piece))).map((batch) => ({ batch, sqlOf: addedSql })),
  ].values();
  const readInTurn = async () => {
    for (const { batch, sqlOf } of batches) {
      work?.assertWanted();
      const [row] = await prisma.$queryRawUnsafe<{ sums: string | null }[]>(
        sqlOf(seconds ?? 1),
        ...columnsOf(batch, sessionOf),
      );
      if (row?.sums != null) for (const one of JSON.parse(`[[${row.sums}]]`) as number[][]) keep(sums, one);
    }
  };
  await Promise.all(Array.from({ length: STATEMENTS_AT_ONCE }, readInTurn));
  for (const one of await readMomentSums(prisma, parts, sessionOf, work)) keep(sums, one);
  return sums;
}

function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const batches: Piece[][] = [];
  let left = 0;
  for (const piece of pieces) {
    if (left <= 0) {
      batches.push([]);
      left = ROLLUPS_PER_STATEMENT;
    }
    batches.at(-1)!.push(piece);
    left -= (piece.to - piece.from) / piece.span;
  }
  return batches;
}

function columnsOf(pieces: readonly Piece[], sessionOf: (piece: Piece) => string): string[] {
  const column = (value: (piece: Piece) => number | string | null) =>
    `{${pieces.map((piece) => value(piece) ?? 'NULL').join()}}`;
  return [
    column(({ stretch }) => stretch),
    column(sessionOf),
    column(({ span }) => span),
    column(({ from }) => from),
    column(({ to }) => to),
    column(({ bucket }) => bucket),
  ];
}

/** Pieces of a bucket may have been read by several statements. */
function keep(sums: Map<number, Map<number, number[]>>, row: number[]): void {
  const [stretch, bucket] = [row[0]!, row[1]!];
  // Without the stretch it is a SumRow, whose start nobody reads.
  row.shift();
  const buckets = sums.get(stretch) ?? new Map<number, number[]>();
  sums.set(stretch, buckets);
  const known = buckets.get(bucket);
  if (known === undefined) buckets.set(bucket, row);
  else addTo(known, row);
}

/**
 * How many faces were followed in each stretch, by its place. Stretches of a session that go into one group, as they do where its
 * clock was set back, are counted together, with the first of them: a face may be in several.
 */
export async function readTracks(
  prisma: PrismaClient,
  stretches: readonly Stretch[],
  sessionOf: (stretch: Stretch) => string,
): Promise<ReadonlyMap<number, number>> {
  const parts: number[] = [];
  for (const [at, stretch] of stretches.entries())
    parts.push(goOnTogether(stretches[at - 1], stretch) ? parts[at - 1]! : at);
  const column = (value: (stretch: Stretch) => number | string) => `{${stretches.map(value).join()}}`;
  const rows = await prisma.$queryRawUnsafe<{ part: number; tracks: number }[]>(
    TRACKS,
    `{${parts.join()}}`,
    column(sessionOf),
    column(({ from }) => from),
    column(({ to }) => to),
  );
  return new Map(rows.map(({ part, tracks }) => [part, tracks]));
}

function goOnTogether(before: Stretch | undefined, stretch: Stretch): boolean {
  return before?.session === stretch.session && before.period?.start === stretch.period?.start;
}
