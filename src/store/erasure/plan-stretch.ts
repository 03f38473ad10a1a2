/** Which moments of a session a stretch of time holds, and what is to be made right around them. */
import { HALF_STEP, type StretchStep } from '../../domain/erasure.ts';
import { LIVE_STATES, type SessionState } from '../../domain/stream.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { MienError } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { type MomentLookup, type MomentPlace, openMomentLookup } from './moment-lookup.ts';
import { lockSession } from './sliced-deletes.ts';

/**
 * Of a session that runs, two moments must stand behind the stretch: what the server has in hand then tells nothing of it.
 * @throws MienError NOT_FOUND; CONFLICT: the session runs, and has not stored enough yet, or another erasure of it is not done
 */
export async function planStretch(
  tx: Prisma.TransactionClient,
  sessionId: string,
  range: TimeRange,
): Promise<StretchStep[]> {
  // What is committed while it is planned would stand behind the stretch, whatever its time.
  await lockSession(tx, sessionId);
  const places = await openMomentLookup(tx, sessionId);
  await assertPast(places, range);
  await assertNoOther(tx, sessionId);
  const steps: StretchStep[] = [];
  const sums = await sumsWithoutMoments(places, range);
  if (sums !== null) steps.push(sums);
  for (const { fromSeq, toSeq } of await runsOf(places, range)) {
    steps.push(await planRun(places, fromSeq, toSeq));
  }
  return steps;
}

/** Moments that a running session has yet to store may belong to a stretch of which none is stored so far. */
async function assertPast({ session, before }: MomentLookup, { clock, to }: TimeRange): Promise<void> {
  if (!LIVE_STATES.includes(session.state as SessionState)) return;
  const newest = await before(session.lastSeq + 1);
  const stored = newest && ((await before(newest.seq)) ?? newest);
  const [began, reached] =
    clock === 'WALL' ? [session.startedAt.getTime(), stored?.wallTime] : [0, stored?.mediaTime];
  if (to > (reached ?? began)) throw notYet(session.id);
}

/** It would change what stands around this one. */
async function assertNoOther(tx: Prisma.TransactionClient, sessionId: string): Promise<void> {
  const [other] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text AS id FROM erasure WHERE finished_at IS NULL
      AND steps @> jsonb_build_array(jsonb_build_object('sessionId', ${sessionId}::text)) LIMIT 1`;
  if (other === undefined) return;
  throw new MienError(
    'CONFLICT',
    `Erasure ${other.id} of session ${sessionId} is not done yet. Ask again when it is; one that was cut off goes on when the server starts.`,
  );
}

async function runsOf(places: MomentLookup, { clock, from, to }: TimeRange) {
  if (clock === 'WALL') return places.runsByWallTime(from, to);
  const first = await places.atMediaTime(from);
  const behind = await places.atMediaTime(to);
  const last = await places.before(behind?.seq ?? places.session.lastSeq + 1);
  const isEmpty = first === null || last === null || last.seq < first.seq;
  return isEmpty ? [] : [{ fromSeq: first.seq, toSeq: last.seq }];
}

async function planRun(places: MomentLookup, fromSeq: number, toSeq: number): Promise<StretchStep> {
  const { session } = places;
  const first = (await places.from(fromSeq))!;
  const last = (await places.from(toSeq))!;
  const before = await places.before(fromSeq);
  const behind = await places.from(toSeq + 1);
  const second = behind && (await places.from(behind.seq + 1));
  if (LIVE_STATES.includes(session.state as SessionState) && second === null) throw notYet(session.id);
  const until = endOf(last, behind?.previousDuration ?? newestDuration(session, last));
  // Without a moment behind it, the one before is the newest, and stands for as long as the one before it did.
  const durationBefore =
    before && (behind === null ? newestDuration(session, before) : first.previousDuration);
  const start = before
    ? endOf(before, durationBefore!)
    : Math.min(session.mediaStart ?? first.mediaTime, first.mediaTime);
  const ends = [until, before ? endOf(before, Math.max(durationBefore!, first.previousDuration)) : 0];
  if (behind && second === null)
    ends.push(endOf(behind, Math.max(behind.previousDuration, durationBefore ?? 0)));
  return {
    ...{ do: 'STRETCH', sessionId: session.id, fromSeq, toSeq },
    since: Math.min(start, until),
    until,
    durationBefore,
    firstSecond: Math.floor(before?.mediaTime ?? start),
    lastSecond: Math.floor(Math.max(...ends)),
  };
}

/** Sums that retention has left for up to an hour longer than their moments. What is left of them goes as a whole. */
async function sumsWithoutMoments(
  { session, from: momentFrom }: MomentLookup,
  { clock, from, to }: TimeRange,
): Promise<StretchStep | null> {
  const first = await momentFrom(0);
  const isTrimmed = first !== null && session.mediaStart !== null && first.mediaTime - session.mediaStart > 1;
  if (!isTrimmed) return null;
  const [since, until] =
    clock === 'MEDIA'
      ? [Math.max(from, session.mediaStart!), Math.min(to, Math.floor(first.mediaTime))]
      : from < first.wallTime && to > session.startedAt.getTime()
        ? [session.mediaStart!, Math.floor(first.mediaTime)]
        : [0, 0];
  if (since >= until) return null;
  return {
    ...{ do: 'STRETCH', sessionId: session.id, fromSeq: 0, toSeq: -1 },
    ...{ since, until, durationBefore: null },
    firstSecond: Math.floor(since),
    lastSecond: Math.ceil(until) - 1,
  };
}

/** See `newestDuration` in domain/coverage.ts: the session's end tells where the recording's is. */
function newestDuration({ mediaEnd }: MomentLookup['session'], { mediaTime, previousDuration }: MomentPlace) {
  return Math.min(previousDuration, (mediaEnd ?? Number.POSITIVE_INFINITY) - mediaTime);
}

/** Some were recorded before durations were. */
function endOf({ mediaTime }: MomentPlace, duration: number): number {
  return Math.round((mediaTime + Math.max(duration, 2 * HALF_STEP)) * 1_000_000) / 1_000_000;
}

function notYet(sessionId: string): MienError {
  return new MienError(
    'CONFLICT',
    `Session ${sessionId} runs, and has stored nothing behind that stretch yet. Take an earlier \`to\`, or stop its stream first.`,
  );
}
