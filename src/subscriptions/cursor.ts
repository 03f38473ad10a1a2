/**
 * Where a subscriber stands, as text that it hands back to go on from there. Opaque to clients: base64url, the
 * first letter inside names the version and form. Strict: what mien did not write itself is refused.
 */
import { writerOf } from '../domain/log-position.ts';
import { MienError } from '../errors.ts';

export type Cursor =
  /** Before the first session of a stream. */
  | { kind: 'stream'; streamId: string }
  /** After this moment of a session, and of the sessions of its stream that follow. -1: before its first. */
  | { kind: 'session'; sessionId: string; seq: number }
  /**
   * After these positions in the order of commits, each of another writer, ascending. Later writers have all to come, other
   * earlier ones are done with.
   */
  | { kind: 'all'; positions: number[] }
  /** The same of episodes; of what stands at the last one dealt with, after this event. */
  | { kind: 'episodes'; positions: number[]; at: EventPlace };

/** One of the events that a commit tells of one session. */
export interface EventPlace {
  position: number;
  /** Of the episode. */
  index: number;
  /** Number of the kind among EPISODE_EVENT_KINDS. */
  kind: number;
}

const SESSION = /^s1 ([\w-]{1,64}) (-1|\d{1,10})$/;
const STREAM = /^b1 ([\w-]{1,64})$/;
const EPISODES = /^e2 (\d{1,16}) (\d{1,10}) ([012])((?: \d{1,16})*)$/;
const ALL = /^a2((?: \d{1,16})*)$/;
/** Writers that the cursor of all streams names: those that came last. */
export const MAX_WRITERS = 32;
const MAX_LENGTH = 1024;

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(toText(cursor)).toString('base64url');
}

/** The cursor of one moment: resumes its session, or its stream. `seq` -1 is before the first. */
export function momentCursor(sessionId: string, seq: number): string {
  return encodeCursor({ kind: 'session', sessionId, seq });
}

/** @throws MienError CURSOR_INVALID */
export function decodeCursor(encoded: string): Cursor {
  const cursor = encoded.length <= MAX_LENGTH ? fromText(Buffer.from(encoded, 'base64url').toString()) : null;
  if (cursor === null || encodeCursor(cursor) !== encoded) {
    throw new MienError(
      'CURSOR_INVALID',
      'This is not a cursor of mien. Pass the `cursor` of a moment unchanged, or leave `after` out to begin now.',
    );
  }
  return cursor;
}

/**
 * The `seq` that a cursor names of this session; one of all streams names none.
 * @throws MienError CURSOR_INVALID when it is none, or does not tell of this session
 */
export function seqOfCursor(encoded: string, sessionId: string): number {
  const cursor = decodeCursor(encoded);
  if (cursor.kind === 'session' && cursor.sessionId === sessionId) return cursor.seq;
  throw new MienError(
    'CURSOR_INVALID',
    'This cursor does not tell of this session. Use one that was received from the session asked for.',
  );
}

function toText(cursor: Cursor): string {
  if (cursor.kind === 'session') return `s1 ${cursor.sessionId} ${cursor.seq}`;
  if (cursor.kind === 'stream') return `b1 ${cursor.streamId}`;
  if (cursor.kind === 'all') return ['a2', ...cursor.positions].join(' ');
  const { position, index, kind } = cursor.at;
  return ['e2', position, index, kind, ...cursor.positions].join(' ');
}

function fromText(text: string): Cursor | null {
  const [, sessionId, seq] = SESSION.exec(text) ?? [];
  if (sessionId !== undefined) return { kind: 'session', sessionId, seq: Number(seq) };
  const [, streamId] = STREAM.exec(text) ?? [];
  if (streamId !== undefined) return { kind: 'stream', streamId };
  const [, ...place] = EPISODES.exec(text) ?? [];
  const list = place.pop() ?? ALL.exec(text)?.[1];
  const positions = list?.split(' ').slice(1).map(Number);
  if (!positions || positions.length > MAX_WRITERS || !areOfAscendingWriters(positions)) return null;
  const [position = -1, index = 0, kind = 0] = place.map(Number);
  if (position < 0) return { kind: 'all', positions };
  return positions.includes(position) ? { kind: 'episodes', positions, at: { position, index, kind } } : null;
}

function areOfAscendingWriters(positions: readonly number[]): boolean {
  return positions.every(
    (position, at) =>
      Number.isSafeInteger(position) && (at === 0 || writerOf(positions[at - 1]!) < writerOf(position)),
  );
}
