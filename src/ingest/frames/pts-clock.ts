/**
 * Turns presentation timestamps into media time: seconds from the source's own start, always rising. The timestamps
 * of a recording begin there already; a live source starts at 0 with its first frame.
 * @returns a function from a timestamp in microseconds (null: the frame has none) to media time
 */
export function createPtsClock(live: boolean, frameRate: number): (pts: number | null) => number {
  let offset = 0;
  let last = Number.NEGATIVE_INFINITY;
  return (pts) => {
    const first = last === Number.NEGATIVE_INFINITY;
    const time = pts === null ? (first ? 0 : last - offset + 1 / frameRate) : pts / 1e6;
    if (first && live) offset = -time;
    // When the source's own clock starts again, media time goes on one frame after the last.
    if (!first && time + offset <= last) offset = last + 1 / frameRate - time;
    last = first ? Math.max(0, time + offset) : time + offset;
    return last;
  };
}
