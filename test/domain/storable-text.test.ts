import { expect, it } from 'vitest';
import { isOneLine, isStorable } from '../../src/domain/storable-text.ts';
import { faultOfTags } from '../../src/domain/tags.ts';

it.each([
  ['plain words', true, true],
  ['two pairs of surrogates: 😀😀', true, true],
  ['a\nb', true, false],
  ['a\u2028b', true, false],
  ['a\u2029b', true, false],
  ['a\u0085b', true, false],
  ['a\0b', false, false],
  ['a\ud800b', false, false],
  ['\udc00', false, false],
])('%j is kept as it was given: %s, and is one line: %s', (text, storable, oneLine) => {
  expect([isStorable(text), isOneLine(text)]).toEqual([storable, oneLine]);
});

it('the value of a tag is one line, by the rules of Unicode', () => {
  expect(faultOfTags([['room', 'a\u2028b']])).toContain('without line breaks');
  expect(faultOfTags([['room', 'a b']])).toBeNull();
});
