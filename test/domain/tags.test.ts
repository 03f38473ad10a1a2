import { expect, it } from 'vitest';
import { faultOfTags, MAX_TAG_VALUE, MAX_TAGS, tagEntries, tagsInWords } from '../../src/domain/tags.ts';

it.each(['a', 'room', 'Room_2.x-y', 'k'.repeat(64)])('a tag may have the key %s', (key) => {
  expect(faultOfTags([[key, 'value']])).toBeNull();
});

it.each(['', 'a b', 'é', 'a:b', '__proto__', 'k'.repeat(65), 'a\n'])('no tag has the key "%s"', (key) => {
  expect(faultOfTags([[key, 'value']])).toBe(
    'The key of a tag has 1 to 64 letters, digits and `_`, `.` or `-`.',
  );
});

it.each(['x', 'Zoë (3)', 'v'.repeat(MAX_TAG_VALUE)])('a tag may have the value %s', (value) => {
  expect(faultOfTags([['room', value]])).toBeNull();
});

it.each(['', 'v'.repeat(MAX_TAG_VALUE + 1), 'two\nlines', '\0', '\ud800'])(
  'no tag has the value "%s"',
  (value) => {
    expect(faultOfTags([['room', value]])).toBe(
      'The value of the tag `room` must have 1 to 256 characters, without line breaks.',
    );
  },
);

it('a key is given once, and there are not too many', () => {
  const tags = (count: number) => Array.from({ length: count }, (_, at): [string, string] => [`k${at}`, 'v']);
  expect(faultOfTags([])).toBeNull();
  expect(faultOfTags(tags(MAX_TAGS))).toBeNull();
  expect(faultOfTags(tags(MAX_TAGS + 1))).toBe('There may be 20 tags at most.');
  expect(faultOfTags([...tags(2), ['k1', 'other']])).toBe('The tag `k1` is given twice; give it once.');
});

it('tags are told in the order of their keys', () => {
  const tags = { site: 'lab', a: '1', room: '2' };
  expect(tagEntries(tags)).toEqual([
    ['a', '1'],
    ['room', '2'],
    ['site', 'lab'],
  ]);
  expect(tagsInWords(tags)).toBe('a=1, room=2, site=lab');
  expect(tagsInWords({})).toBe('');
});
