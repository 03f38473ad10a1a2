/**
 * Sums seconds of a session anew from the moments that are left, and the longer spans from the seconds: so they are what they
 * would be if what is gone had never been there.
 */
import type { Moment } from '../../domain/moment.ts';
import { rollupRows } from '../commit/upsert-rows.ts';
import type { Prisma } from '../generated/client.ts';
import { createMomentQueries } from '../read/moments.ts';
import { ROLLUP_SPANS } from '../sql/rollup-spans.ts';
import type { RollUp } from '../sql/rollup-values.ts';
import { openMomentLookup } from './moment-lookup.ts';

type Transaction = Prisma.TransactionClient;

export interface Seconds {
  sessionId: string;
  /** Both included. */
  first: number;
  last: number;
  /** All that have sums in these seconds, 0 among them. */
  tracks: readonly number[];
}

const SECONDS = 1;
const LONGER_SPANS = ROLLUP_SPANS.filter((span) => span > SECONDS);
const LONGEST = Math.max(...ROLLUP_SPANS);
/** Moments read at a time: those of the seconds at both ends are few. */
const PAGE = 100;

/**
 * @param seq where moments are missing: those left of the seconds stand just before and behind it
 * @returns how many rows there are fewer
 */
export async function sumAgain(
  tx: Transaction,
  rollUp: RollUp,
  seconds: Seconds,
  seq: number,
): Promise<number> {
  const { sessionId, first, last } = seconds;
  const moments = [
    ...(await momentsBefore(tx, sessionId, seq, first)),
    ...(await momentsFrom(tx, sessionId, seq, last)),
  ];
  await tellEnd(tx, sessionId, moments.at(-1));
  const rollups = rollUp(moments.map((moment, at) => ({ moment, previous: moments[at - 1] })));
  const rows = rollupRows(
    rollups.filter(
      ({ second, frames, covered }) => second >= first && second <= last && (frames > 0 || covered > 0),
    ),
    () => 0,
  ).filter(([, span]) => span === SECONDS);
  const deleted = await deleteSums(tx, seconds, [SECONDS], first, last + 1);
  for (const row of rows) await tx.$executeRawUnsafe(insertSql(row), sessionId);
  return deleted - rows.length + (await sumSpans(tx, seconds));
}

/** Where it is the newest, it stands no further than to the session's end. */
async function tellEnd(tx: Transaction, sessionId: string, moment: Moment | undefined): Promise<void> {
  const { mediaEnd } = await tx.session.findUniqueOrThrow({
    where: { id: sessionId },
    select: { mediaEnd: true },
  });
  if (moment && mediaEnd !== null && mediaEnd > moment.mediaTime)
    moment.untilEnd = mediaEnd - moment.mediaTime;
}

/** Those from the second on, and the one before them, which may stand into it. */
async function momentsBefore(
  tx: Transaction,
  sessionId: string,
  seq: number,
  firstSecond: number,
): Promise<Moment[]> {
  const places = await openMomentLookup(tx, sessionId);
  let count = 0;
  let at = seq;
  for (let place = await places.before(at); place !== null; place = await places.before(at)) {
    at = place.seq;
    count += 1;
    if (place.mediaTime < firstSecond) break;
  }
  return count === 0 ? [] : createMomentQueries(tx).page(sessionId, at - 1, count);
}

/** Those up to the second, and the one behind them, which tells how long the last of them stands. */
async function momentsFrom(
  tx: Transaction,
  sessionId: string,
  seq: number,
  lastSecond: number,
): Promise<Moment[]> {
  const queries = createMomentQueries(tx);
  const moments: Moment[] = [];
  for (;;) {
    const page = await queries.page(sessionId, moments.at(-1)?.seq ?? seq - 1, PAGE);
    const end = page.findIndex(({ mediaTime }) => mediaTime >= lastSecond + 1);
    moments.push(...(end === -1 ? page : page.slice(0, end + 1)));
    if (end !== -1 || page.length < PAGE) return moments;
  }
}

/** @returns how many rows there are fewer */
async function sumSpans(tx: Transaction, seconds: Seconds): Promise<number> {
  const from = Math.floor(seconds.first / LONGEST) * LONGEST;
  const to = (Math.floor(seconds.last / LONGEST) + 1) * LONGEST;
  const deleted = await deleteSums(tx, seconds, LONGER_SPANS, from, to);
  const inserted = await tx.$executeRawUnsafe(
    `INSERT INTO rollup (session_id, span, track, second, ${[...COUNTS, ...LISTS, ...MEANS, ...PLACE].join()})
      SELECT session_id, s.span, track, second / s.span * s.span, ${[...COUNTS.map(sum), ...LISTS.map(sumEach), ...MEANS.map(sum), ...joinPlaces].join()}
      FROM rollup AS r, unnest('{${LONGER_SPANS.join()}}'::int[]) AS s (span)
      WHERE session_id = $1::uuid AND r.span = ${SECONDS} AND track = ANY($2::text::int[])
        AND second >= ${from} AND second < ${to}
      GROUP BY 1, 2, 3, 4`,
    seconds.sessionId,
    listOf(seconds.tracks),
  );
  return deleted - inserted;
}

/** `to` excluded. @returns how many rows */
export function deleteSums(
  tx: Transaction,
  { sessionId, tracks }: Pick<Seconds, 'sessionId' | 'tracks'>,
  spans: readonly number[],
  from: number,
  to: number,
): Promise<number> {
  return tx.$executeRawUnsafe(
    `DELETE FROM rollup WHERE session_id = $1::uuid AND span = ANY('{${spans.join()}}'::int[])
      AND track = ANY($2::text::int[]) AND second >= ${from} AND second < ${to}`,
    sessionId,
    listOf(tracks),
  );
}

function listOf(tracks: readonly number[]): string {
  return `{${tracks.join()}}`;
}

/** As the values of `rollupRows` stand behind session, span, track and second. */
const COUNTS = [
  ...['frames', 'dropped_busy', 'dropped_worker', 'dropped_store', 'dropped_source'],
  ...['covered', 'readings', 'abstained'],
];
const LISTS = ['labels', 'probabilities', 'durations'];
const MEANS = ['valence', 'arousal', 'quality'];
const EXPRESSIONS = 8;
const PLACE = ['first_seq', 'started_at', 'ended_at'];
/** Of the seconds with a moment, if there is one. */
const joinPlaces = ['min', 'min', 'max'].map(
  (how, at) => `coalesce(${how}(${PLACE[at]}) FILTER (WHERE frames > 0), ${how}(${PLACE[at]}))`,
);

const sum = (column: string) => `sum(${column})`;
const sumEach = (column: string) =>
  `ARRAY[${Array.from({ length: EXPRESSIONS }, (_, at) => `sum(${column}[${at + 1}])`).join()}]`;

/** @param row whole numbers, as `rollupRows` gives them */
function insertSql([, span, track, second, ...values]: readonly number[]): string {
  const lists = LISTS.map((_, at) => {
    const from = COUNTS.length + at * EXPRESSIONS;
    return `ARRAY[${values.slice(from, from + EXPRESSIONS).join()}]::bigint[]`;
  });
  const means = values.slice(-MEANS.length - PLACE.length, -PLACE.length);
  const [firstSeq, startedAt, endedAt] = values
    .slice(-PLACE.length)
    .map((value) => (value < 0 ? null : value));
  const place = [firstSeq, `to_timestamp(${startedAt} / 1000.0)`, `to_timestamp(${endedAt} / 1000.0)`];
  return `INSERT INTO rollup (session_id, span, track, second, ${[...COUNTS, ...LISTS, ...MEANS, ...PLACE].join()})
    VALUES ($1::uuid, ${[span, track, second, ...values.slice(0, COUNTS.length), ...lists, ...means, ...place.map((value) => value ?? 'NULL')].join()})`;
}
