/** What ids of streams and sessions look like, and tokens of uploads. */
import { expect, it } from 'vitest';
import { isId, isUploadToken } from '../../src/domain/id-format.ts';

const ID = '0123abcd-89ef-4567-a1b2-0123456789ab';
const TOKEN = '0123456789abcdef0123456789abcdef';
/** Each with one of its digits left out, one more, and one that is none. */
const damaged = (text: string) =>
  Array.from(text, (_, at) => [
    text.slice(0, at) + text.slice(at + 1),
    `${text.slice(0, at)}0${text.slice(at)}`,
    `${text.slice(0, at)}g${text.slice(at + 1)}`,
  ]).flat();

it('an id is a UUID, in small letters or capitals, and nothing but that', () => {
  expect([ID, ID.toUpperCase()].map(isId)).toEqual([true, true]);
  expect(['', `${ID}0`, `x${ID}`, `${ID}\n`, ...damaged(ID)].filter(isId)).toEqual([]);
});

it('the token of an upload is sixteen bytes in hexadecimal digits, and nothing but that', () => {
  expect(isUploadToken(TOKEN)).toBe(true);
  const others = ['', `${TOKEN}\n`, TOKEN.toUpperCase(), ...damaged(TOKEN)];
  expect(others.filter(isUploadToken)).toEqual([]);
});
