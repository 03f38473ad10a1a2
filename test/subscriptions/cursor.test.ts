import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  momentCursor,
  seqOfCursor,
} from '../../src/subscriptions/cursor.ts';
import { seeded } from '../helpers/memory-store.ts';

it('cursors are read back as they were written', () => {
  const random = seeded(1);
  const seq = () => Math.floor(random() * 2 ** 31) - 1;
  const id = () => crypto.randomUUID();
  for (let round = 0; round < 200; round++) {
    const one: Cursor = { kind: 'session', sessionId: id(), seq: round === 0 ? -1 : seq() };
    const offsets = Array.from({ length: round % 9 }, (): [string, number] => [id(), seq()]);
    const all: Cursor = { kind: 'all', since: Math.floor(random() * 2e12), offsets };
    for (const cursor of [one, all]) expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  }
});

it('a cursor is refused when anything about it was changed', () => {
  const cursor = momentCursor('0190a5b2-7c1e-7cc1-8d15-0123456789ab', 12);
  const random = seeded(2);
  let refused = 0;
  for (let round = 0; round < 500; round++) {
    const at = Math.floor(random() * cursor.length);
    const changed =
      cursor.slice(0, at) + String.fromCharCode(33 + Math.floor(random() * 94)) + cursor.slice(at + 1);
    try {
      expect(encodeCursor(decodeCursor(changed))).toBe(changed);
    } catch (error) {
      expect(error).toMatchObject({ code: 'CURSOR_INVALID' });
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(200);
});

it('the cursor of a session names one of its moments, and of no other session', () => {
  expect(seqOfCursor(momentCursor('a', 7), 'a')).toBe(7);
  expect(() => seqOfCursor(momentCursor('a', 7), 'b')).toThrow(MienError);
});

it('the cursor of all streams names a moment of each session that it lists', () => {
  const all = encodeCursor({
    kind: 'all',
    since: 0,
    offsets: [
      ['a', 7],
      ['b', -1],
    ],
  });
  expect([seqOfCursor(all, 'a'), seqOfCursor(all, 'b')]).toEqual([7, -1]);
  expect(() => seqOfCursor(all, 'c')).toThrow(MienError);
});
