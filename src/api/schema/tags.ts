/** Tags of streams and sessions. */
import type { Tags } from '../../domain/access.ts';
import { faultOfTags, MAX_TAG_KEY, MAX_TAG_VALUE, tagEntries } from '../../domain/tags.ts';
import { MienError } from '../../errors.ts';
import { AS_PARENT } from './access.ts';
import { builder } from './builder.ts';

interface Tag {
  key: string;
  value: string;
}

export const TagType = builder.objectRef<Tag>('Tag').implement({
  extensions: AS_PARENT,
  description: 'A key and a value that a stream or a session was given.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key; each is there only once.' }),
    value: t.exposeString('value', { description: 'The value.' }),
  }),
});

export const TagInputType = builder.inputType('TagInput', {
  description: 'A tag of a stream or a session.',
  fields: (t) => ({
    key: t.string({
      required: true,
      description: `1 to ${MAX_TAG_KEY} letters, digits and \`_\`, \`.\` or \`-\`.`,
    }),
    value: t.string({
      required: true,
      description: `1 to ${MAX_TAG_VALUE} characters, without line breaks.`,
    }),
  }),
});

/** @throws MienError BAD_INPUT */
export function toTags(tags: readonly Tag[]): Tags {
  const entries = tags.map(({ key, value }): [string, string] => [key, value]);
  const fault = faultOfTags(entries);
  if (fault !== null) throw new MienError('BAD_INPUT', fault);
  return Object.fromEntries(entries);
}

/** @param tags as the database gives them */
export function toTagList(tags: unknown): Tag[] {
  return tagEntries(tags as Tags).map(([key, value]) => ({ key, value }));
}
