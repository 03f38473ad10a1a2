/** Where each input's result lies in a directory of results. */
import { createHash } from 'node:crypto';
import type { FoundInput } from './find-inputs.ts';

/** What file systems take for one name, with room for an ending. */
const MOST_BYTES = 200;
/** Files of the directory itself. */
export const SUMMARY = 'summary.csv';
export const MANIFEST = 'manifest.json';

export interface PlacedInput extends Pick<FoundInput, 'place'> {
  /** What names the input, and no other. */
  id: string;
  /** Where its result lay until now; null: it had none. */
  before: string | null;
}

/**
 * The input's own path with an ending, as `day 1/clip.mp4.csv`; one that has a result keeps its place. Where two would have the same, each gets a
 * hash of its input, so that it does not depend on which others there are at what place. In the order of the inputs; with `/` between parts.
 * @param ending as `.csv`
 * @param others places that are not to be had
 */
export function resultPlaces(
  inputs: readonly PlacedInput[],
  ending: string,
  others: readonly string[],
): string[] {
  const plain = inputs.map(({ place }) => `${shortened(place)}${ending}`);
  const before = inputs.map((input) => (input.before?.endsWith(ending) ? input.before : null));
  const elsewhere = before.filter((place, at) => place !== null && place !== plain[at]) as string[];
  const counts = new Map<string, number>();
  for (const place of [SUMMARY, MANIFEST, ...others, ...plain, ...elsewhere])
    counts.set(sameAs(place), (counts.get(sameAs(place)) ?? 0) + 1);
  return plain.map((place, at) => {
    const isAlone = counts.get(sameAs(place)) === 1;
    return (
      before[at] ?? (isAlone ? place : `${place.slice(0, -ending.length)}-${hashOf(inputs[at]!.id)}${ending}`)
    );
  });
}

/** Some file systems take names that differ in case, or in how accents are coded, for the same. */
function sameAs(place: string): string {
  return place.normalize('NFC').toLowerCase();
}

function shortened(place: string): string {
  const parts = place.split('/');
  const last = parts.pop()!;
  if (Buffer.byteLength(last) <= MOST_BYTES) return place;
  const start = Buffer.from(last)
    .subarray(0, MOST_BYTES - 10)
    .toString('utf8')
    .replaceAll('\uFFFD', '');
  return [...parts, `${start}-${hashOf(last)}`].join('/');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
