/** Where each input's result lies in a directory of results. */
import { createHash } from 'node:crypto';
import type { FoundInput } from './find-inputs.ts';

/** What file systems take for one name, with room for an ending. */
const MOST_BYTES = 200;
/** Files of the directory itself. */
export const SUMMARY = 'summary.csv';
export const MANIFEST = 'manifest.json';

/**
 * The input's own path with an ending, as `day 1/clip.mp4.csv`. Where two would have the same, each gets a hash of its input's name, so that
 * it does not depend on which others there are at what place. In the order of the inputs; with `/` between parts.
 * @param ending as `.csv`
 */
export function resultPlaces(inputs: readonly FoundInput[], ending: string): string[] {
  const plain = inputs.map(({ place }) => `${shortened(place)}${ending}`);
  const counts = new Map([SUMMARY, MANIFEST].map((name) => [name, 1]));
  for (const place of plain) counts.set(sameAs(place), (counts.get(sameAs(place)) ?? 0) + 1);
  return plain.map((place, index) => {
    if (counts.get(sameAs(place)) === 1) return place;
    return `${place.slice(0, -ending.length)}-${hashOf(inputs[index]!.input)}${ending}`;
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
