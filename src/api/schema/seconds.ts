/** The API tells and takes lengths of media time in seconds; within mien some are whole milliseconds. */
import { MienError } from '../../errors.ts';

export function toSeconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/**
 * @param name of the argument, for the sentence
 * @throws MienError BAD_INPUT where it is not whole milliseconds from the least to the most
 */
export function toMilliseconds(
  seconds: number,
  name: string,
  { least = 0, most }: { least?: number; most: number },
): number {
  const milliseconds = Math.round(seconds * 1000);
  // What seconds cannot hold exactly, such as 0.067, is meant all the same.
  const isWhole = Math.abs(seconds * 1000 - milliseconds) < 1e-6;
  if (isWhole && milliseconds >= least && milliseconds <= most) return milliseconds;
  throw new MienError(
    'BAD_INPUT',
    `\`${name}\` must be from ${toSeconds(least)} to ${toSeconds(most)} seconds, in steps of 0.001.`,
  );
}
