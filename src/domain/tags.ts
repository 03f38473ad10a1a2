/** Tags: what streams and sessions are given to find them by; those of a stream say who may see it, too. */
import type { Tags } from './access.ts';
import { isOneLine } from './storable-text.ts';

export const MAX_TAGS = 20;
export const MAX_TAG_KEY = 64;
export const MAX_TAG_VALUE = 256;

const KEY = /^[A-Za-z0-9_.-]{1,64}$/;

/** @returns what is wrong with them, in a sentence that says what to do; null: nothing */
export function faultOfTags(tags: readonly (readonly [key: string, value: string])[]): string | null {
  if (tags.length > MAX_TAGS) return `There may be ${MAX_TAGS} tags at most.`;
  const seen = new Set<string>();
  for (const [key, value] of tags) {
    if (!KEY.test(key) || key === '__proto__')
      return `The key of a tag has 1 to ${MAX_TAG_KEY} letters, digits and \`_\`, \`.\` or \`-\`.`;
    if (seen.has(key)) return `The tag \`${key}\` is given twice; give it once.`;
    if (value === '' || value.length > MAX_TAG_VALUE || !isOneLine(value))
      return `The value of the tag \`${key}\` must have 1 to ${MAX_TAG_VALUE} characters, without line breaks.`;
    seen.add(key);
  }
  return null;
}

/** In the order of their keys, whatever order the database keeps them in. */
export function tagEntries(tags: Tags): [key: string, value: string][] {
  return Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** As people write them: `site=lab, room=2`. */
export function tagsInWords(tags: Tags): string {
  return tagEntries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}
