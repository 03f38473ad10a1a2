import { expect, it } from 'vitest';
import { beginningOf } from '../../src/domain/log-position.ts';
import { MienError } from '../../src/errors.ts';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  MAX_WRITERS,
  momentCursor,
  seqOfCursor,
} from '../../src/subscriptions/cursor.ts';
import { seeded } from '../helpers/memory-store.ts';

it('cursors are read back as they were written', () => {
  const random = seeded(1);
  const seq = () => Math.floor(random() * 2 ** 29) - 1;
  const id = () => crypto.randomUUID();
  for (let round = 0; round < 200; round++) {
    const one: Cursor = { kind: 'session', sessionId: id(), seq: round === 0 ? -1 : seq() };
    const positions = Array.from({ length: round % 33 }, (_, at) => beginningOf(at + 1) + seq() + 2);
    const all: Cursor = { kind: 'all', positions };
    const [position = beginningOf(7)] = positions.slice(-1);
    const at = { position, index: seq() + 1, kind: round % 3 };
    const episodes: Cursor = {
      kind: 'episodes',
      positions: positions.length > 0 ? positions : [position],
      at,
    };
    const stream: Cursor = { kind: 'stream', streamId: id() };
    for (const cursor of [one, stream, all, episodes])
      expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
  }
});

const listed = Array.from({ length: MAX_WRITERS }, (_, at) => beginningOf(at + 10) + 3);

it('a list without room for all is read back with what it leaves out, and with an event of a writer that it leaves out', () => {
  for (const cursor of [
    { kind: 'all', positions: listed, omitted: 7 },
    { kind: 'all', positions: listed, omitted: 0 },
    {
      kind: 'episodes',
      ...{ positions: listed, omitted: 7, at: { position: beginningOf(9) + 1, index: 0, kind: 0 } },
    },
  ] as const)
    expect(decodeCursor(encodeCursor({ ...cursor, positions: [...listed] }))).toEqual(cursor);
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
  expect(() => seqOfCursor(momentCursor('a', 7), 'b')).toThrow(
    new MienError(
      'CURSOR_INVALID',
      'This cursor does not tell of this session. Use one that was received from the session asked for.',
    ),
  );
});

it('the cursor of all streams tells of no session', () => {
  const all = encodeCursor({ kind: 'all', positions: [beginningOf(1) + 7] });
  expect(() => seqOfCursor(all, 'a')).toThrow(MienError);
});

it.each([
  ['a2 5 4', 'not ascending'],
  [`a2 ${beginningOf(1) + 1} ${beginningOf(1) + 2}`, 'two of one writer'],
  [`a2 ${'9'.repeat(16)}`, 'no safe integer'],
  [`a2${Array.from({ length: 33 }, (_, at) => ` ${beginningOf(at + 1)}`).join('')}`, 'too many'],
  ['e2 5 0 0 6', 'an event at a position that is not listed'],
  ['e2 5 0 3 5', 'no kind of event'],
  [`e2 ${listed[0]! + 1} 0 0 ${listed.join(' ')}`, 'an event at another position of a writer that is listed'],
  [
    `e2 ${beginningOf(60) + 1} 0 0 ${listed.join(' ')}`,
    'an event of a writer behind a list without room for all',
  ],
  [
    `e2 ${beginningOf(9) + 1} 0 0 ${listed.slice(1).join(' ')}`,
    'an event that is not listed where there is room',
  ],
  [`a2 ${listed.slice(1).join(' ')} +7`, 'something left out where there is room'],
  [`a2 ${listed.join(' ')} +${'9'.repeat(16)}`, 'more left out than can be counted'],
  ['b1', 'no stream'],
  ['s1 a', 'no moment'],
  ['a1 0', 'an earlier form'],
])('%s is no cursor: %s', (text) => {
  expect(() => decodeCursor(Buffer.from(text).toString('base64url'))).toThrow(MienError);
});
