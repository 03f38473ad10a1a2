/**
 * Where a subscriber stands, as text that it hands back to go on from there. Opaque to clients: base64url, the
 * first letter inside names the version and form. Strict: what mien did not write itself is refused.
 */
import { MienError } from '../errors.ts';

export type Cursor =
  /** After this moment of a session, and of the sessions of its stream that follow. -1: before its first. */
  | { kind: 'session'; sessionId: string; seq: number }
  /**
   * After each of these moments; sessions that started at `since` (milliseconds since the epoch) or later and
   * are not listed have all of their moments to come, earlier ones are done with.
   */
  | { kind: 'all'; since: number; offsets: [sessionId: string, seq: number][] };

const SESSION = /^s1 ([\w-]{1,64}) (-1|\d{1,10})$/;
const ALL = /^a1 (\d{1,15})((?: [\w-]{1,64}:(?:-1|\d{1,10}))*)$/;
/** Some 1,500 sessions at once. */
const MAX_LENGTH = 128 * 1024;

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
 * The `seq` that a cursor names of this session; one of all streams may name several.
 * @throws MienError CURSOR_INVALID when it is none, or does not tell of this session
 */
export function seqOfCursor(encoded: string, sessionId: string): number {
  const cursor = decodeCursor(encoded);
  const seq =
    cursor.kind === 'all'
      ? cursor.offsets.find(([id]) => id === sessionId)?.[1]
      : cursor.sessionId === sessionId
        ? cursor.seq
        : undefined;
  if (seq !== undefined) return seq;
  throw new MienError(
    'CURSOR_INVALID',
    'This cursor does not tell of this session. Use one that was received from the session asked for.',
  );
}

function toText(cursor: Cursor): string {
  if (cursor.kind === 'session') return `s1 ${cursor.sessionId} ${cursor.seq}`;
  return `a1 ${cursor.since}${cursor.offsets.map(([id, seq]) => ` ${id}:${seq}`).join('')}`;
}

function fromText(text: string): Cursor | null {
  const [, sessionId, seq] = SESSION.exec(text) ?? [];
  if (sessionId !== undefined) return { kind: 'session', sessionId, seq: Number(seq) };
  const [, since, list] = ALL.exec(text) ?? [];
  if (since === undefined || list === undefined) return null;
  const offsets = list
    .split(' ')
    .slice(1)
    .map((entry): [string, number] => {
      const [id = '', at] = entry.split(':');
      return [id, Number(at)];
    });
  return { kind: 'all', since: Number(since), offsets };
}
