import { expect, test } from 'vitest';
import { isSame, isToken, makeToken, parseToken } from '../../src/access/token-format.ts';

test('a token has 32 random bytes, and what is kept of it does not hold its secret', () => {
  const { secret, prefix, hash } = makeToken();
  expect(secret).toMatch(/^mien_[\w-]{43}$/);
  expect(prefix).toBe(secret.slice(0, 13));
  expect(hash).toHaveLength(32);
  expect(parseToken(secret)).toEqual({ prefix, hash });
  expect(Buffer.from(hash).toString('latin1')).not.toContain(secret.slice(13));
  expect(makeToken().secret).not.toBe(secret);
});

test.each([
  '',
  'mien_',
  `mien_${'a'.repeat(42)}`,
  `mien_${'a'.repeat(44)}`,
  `Mien_${'a'.repeat(43)}`,
  `mien_${'é'.repeat(43)}`,
  `mien_${'a'.repeat(43)}\n`,
  'x'.repeat(1_000_000),
])('what is not exactly a token is none: %.20j', (text) => {
  expect(isToken(text)).toBe(false);
  expect(parseToken(text)).toBeNull();
});

test('hashes are compared whole, and those of another length are not the same', () => {
  const one = parseToken(makeToken().secret)!.hash;
  const other = new Uint8Array(one);
  other[31]! ^= 1;
  expect(isSame(one, new Uint8Array(one))).toBe(true);
  expect(isSame(one, other)).toBe(false);
  expect(isSame(one, one.subarray(1))).toBe(false);
});
