/** Sources pause, and screens that are recorded stand still; for a jump of more the clock is to blame. In seconds. */
const LONGEST_PAUSE = 10;

/**
 * The greatest step of media time, in seconds, that is believed without a second look.
 * @param interval seconds from one frame to the next, usually
 */
export function maxTimestampGap(interval: number): number {
  return LONGEST_PAUSE + 2 * interval;
}
