/** How much one answer about several sessions may take. */
import { MAX_SESSIONS } from '../../../domain/sessions-aggregate.ts';
import { MienError } from '../../../errors.ts';
import type { Stretch } from './stretches.ts';

/** Most groups, and most buckets of all groups together, in one answer. */
const MAX_GROUPS = 2_000;
const MAX_BUCKETS = 10_000;
/** Most sums that an answer is made of: one for each session, day or hour, and bucket. */
const MAX_SUMS = 100_000;
/** Most markers around which sessions are summed up. */
export const MAX_TRIALS = 20_000;
/** Most seconds that are cut by buckets around a marker, so that their moments are read. */
const MAX_SECOND_PARTS = 10_000;
/** Most places in which sessions are cut by the wall clock, of all sessions together. */
const MAX_BORDERS = 20_000;

export function assertFewSessions(sessions: number): void {
  if (sessions <= MAX_SESSIONS) return;
  refuse(`There are more than ${MAX_SESSIONS} such sessions. Choose fewer with \`filter\`.`);
}

/** Before they are looked for. */
export function assertFewBorders(borders: number): void {
  if (borders <= MAX_BORDERS) return;
  refuse(
    `Sessions would be cut in ${borders} places by the wall clock, and ${MAX_BORDERS} is the most. Take longer buckets, days rather than hours, or fewer sessions.`,
  );
}

/** Before anything is summed up. @returns how many there are */
export function assertFewSums(
  stretches: readonly Stretch[],
  bucketsOf: (stretch: Stretch) => number,
): number {
  const sums = stretches.reduce((total, stretch) => total + bucketsOf(stretch), 0);
  if (sums > MAX_SUMS) tooManySums(sums, `${stretches.length} sessions by day, hour and bucket`);
  return sums;
}

export function assertFewTrials(trials: number): void {
  if (trials <= MAX_TRIALS) return;
  refuse(
    `These sessions are marked with that name more than ${MAX_TRIALS} times. Choose fewer sessions with \`filter\`, or a marker that is set less often.`,
  );
}

/** Before trials are cut into buckets. */
export function assertFewTrialBuckets(buckets: number): void {
  if (buckets > MAX_SUMS) tooManySums(buckets, 'sessions by marker and bucket');
}

function tooManySums(sums: number, of: string): never {
  refuse(
    `That would be made of ${sums} sums, of ${of}, and ${MAX_SUMS} is the most. Take longer buckets, a shorter \`range\`, or fewer sessions.`,
  );
}

/** While pieces are gathered, so that no more of them are than may be. */
export function assertFewSecondParts(parts: number): void {
  if (parts <= MAX_SECOND_PARTS) return;
  refuse(
    `More than ${MAX_SECOND_PARTS} seconds would be cut by buckets that do not begin with one, so that their moments would have to be read. Take longer buckets, a shorter time around the marker by \`align.from\` and \`align.to\`, or fewer sessions.`,
  );
}

/** Before anything is summed up, and behind that. */
export function assertFewGroups(groups: number): void {
  if (groups <= MAX_GROUPS) return;
  refuse(
    `That would be ${groups} groups, and ${MAX_GROUPS} is the most. Group by less, or choose fewer sessions with \`filter\`.`,
  );
}

/** Before their sums are told. */
export function assertFewBuckets(buckets: number, groups: number): void {
  if (buckets <= MAX_BUCKETS) return;
  refuse(
    `That would be ${buckets} buckets in ${groups} groups, and ${MAX_BUCKETS} is the most. Take longer buckets, a shorter \`range\`, or fewer groups.`,
  );
}

function refuse(sentence: string): never {
  throw new MienError('BAD_INPUT', sentence);
}
