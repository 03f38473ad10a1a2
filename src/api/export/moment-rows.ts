/** The moments of a session with the time that each stands for, which the next one tells, as rows. */
import { newestDuration } from '../../domain/coverage.ts';
import type { Moment } from '../../domain/moment.ts';
import { inMicroseconds } from '../../domain/quantise.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import type { MomentRun } from '../../store/read/media-stretches.ts';
import type { RecordingQueries } from '../context/ports.ts';
import type { SessionToExport } from './sessions-to-export.ts';

/** Readings that are read at a time: each statement costs as much as hundreds of rows. */
const PAGE = 500;

export interface MomentScope {
  range: TimeRange | undefined;
  /** Only what comes behind this moment; -1: all. */
  afterSeq: number;
}

/**
 * As far as the session had come when it was asked for.
 * @throws MienError CURSOR_EXPIRED
 */
export async function* momentRows<Row>(
  session: SessionToExport,
  { range, afterSeq }: MomentScope,
  recordings: RecordingQueries,
  rowsOf: (moment: Moment, duration: number) => Row[],
): AsyncGenerator<readonly Row[], undefined> {
  const runs = range === undefined ? [ALL] : await recordings.momentRuns(session.id, range);
  // The newest is told once its time is known: what was told does not change.
  const behindLast = session.isRunning ? session.lastSeq : session.lastSeq + 1;
  const isAsked = (moment: Moment) =>
    moment.seq < behindLast && (range === undefined || holds(range, moment));
  for (const { fromSeq, toSeq } of runs) {
    const end = Math.min(toSeq ?? Number.POSITIVE_INFINITY, behindLast);
    const scope = { afterSeq: Math.max(afterSeq, fromSeq - 1), end };
    yield* runRows(session, scope, recordings, (moment, duration) =>
      isAsked(moment) ? rowsOf(moment, duration) : [],
    );
  }
  return undefined;
}

const ALL: MomentRun = { fromSeq: 0, toSeq: null };

/** Those behind `afterSeq` and before `end`, and the one after that, which tells the time of the last. */
async function* runRows<Row>(
  session: SessionToExport,
  { afterSeq, end }: { afterSeq: number; end: number },
  recordings: RecordingQueries,
  rowsOf: (moment: Moment, duration: number) => Row[],
): AsyncGenerator<readonly Row[], undefined> {
  if (afterSeq + 1 >= end) return;
  let last: Moment | null = null;
  for await (const page of recordings.pages(session.id, afterSeq, PAGE)) {
    const known: Moment[] = last === null ? [...page] : [last, ...page];
    last = known.at(-1) ?? null;
    const rows = known
      .slice(0, -1)
      .flatMap((moment, at) => (moment.seq < end ? rowsOf(moment, known[at + 1]!.previousDuration) : []));
    if (rows.length > 0) yield rows;
    if (last !== null && last.seq >= end) return;
  }
  if (last === null) return;
  const { mediaEnd } = session;
  const untilEnd = mediaEnd === null ? undefined : inMicroseconds(mediaEnd - last.mediaTime);
  const rows = rowsOf(last, newestDuration({ ...last, untilEnd }));
  if (rows.length > 0) yield rows;
}

function holds({ clock, from, to }: TimeRange, { mediaTime, wallTime }: Moment): boolean {
  const at = clock === 'MEDIA' ? mediaTime : wallTime;
  return at >= from && at < to;
}
