/** Which of the streams that should run each of several servers begins with, so that they are not in each other's way. */

/** Digits at the end of an id, which are random. */
const RANDOM_DIGITS = 8;

/**
 * Each stream is the first choice of one worker; what is another's comes last, from the other end.
 * @param workers ids of all, with the own one
 */
export function streamStartOrder<Stream extends { id: string }>(
  own: string,
  workers: readonly string[],
  streams: readonly Stream[],
): Stream[] {
  const all = [...new Set([own, ...workers])].sort();
  const isOwn = ({ id }: Stream) => all[Number.parseInt(id.slice(-RANDOM_DIGITS), 16) % all.length] === own;
  return [...streams.filter(isOwn), ...streams.filter((stream) => !isOwn(stream)).reverse()];
}
