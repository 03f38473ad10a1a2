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
  | ({ kind: 'all' } & WriterPositions)
  /** The same of episodes; of what stands at the last one dealt with, after this event. */
  | ({ kind: 'episodes'; at: EventPlace } & WriterPositions);

/** After these positions in the order of commits, each of another writer, ascending. Writers that are not told of have all to come. */
export interface WriterPositions {
  positions: number[];
  /** How much was dealt with of those before them that had to be left out, all together; not given where there are none. */
  omitted?: number;
}

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
const EPISODES = /^e2 (\d{1,16}) (\d{1,10}) ([012])((?: \d{1,16})*)(?: \+(\d{1,16}))?$/;
const ALL = /^a2((?: \d{1,16})*)(?: \+(\d{1,16}))?$/;
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
  const writers = [...cursor.positions, ...(cursor.omitted === undefined ? [] : [`+${cursor.omitted}`])];
  if (cursor.kind === 'all') return ['a2', ...writers].join(' ');
  const { position, index, kind } = cursor.at;
  return ['e2', position, index, kind, ...writers].join(' ');
}

function fromText(text: string): Cursor | null {
  const [, sessionId, seq] = SESSION.exec(text) ?? [];
  if (sessionId !== undefined) return { kind: 'session', sessionId, seq: Number(seq) };
  const [, streamId] = STREAM.exec(text) ?? [];
  if (streamId !== undefined) return { kind: 'stream', streamId };
  const [, list, sum] = ALL.exec(text) ?? [];
  const all = list === undefined ? null : readWriters(list, sum);
  if (all !== null) return { kind: 'all', ...all };
  const [, position, index, kind, writers, others] = EPISODES.exec(text) ?? [];
  const told = writers === undefined ? null : readWriters(writers, others);
  if (told === null || !isTold(Number(position), told)) return null;
  const at = { position: Number(position), index: Number(index), kind: Number(kind) };
  return { kind: 'episodes', ...told, at };
}

function readWriters(list: string, sum: string | undefined): WriterPositions | null {
  const positions = list.split(' ').slice(1).map(Number);
  if (positions.length > MAX_WRITERS || !areOfAscendingWriters(positions)) return null;
  if (sum === undefined) return { positions };
  const omitted = Number(sum);
  return positions.length === MAX_WRITERS && Number.isSafeInteger(omitted) ? { positions, omitted } : null;
}

/** It is in the list, or of a writer that there was no room for. */
function isTold(position: number, { positions }: WriterPositions): boolean {
  const isFull = positions.length === MAX_WRITERS;
  return positions.includes(position) || (isFull && writerOf(position) < writerOf(positions[0]!));
}

function areOfAscendingWriters(positions: readonly number[]): boolean {
  return positions.every(
    (position, at) =>
      Number.isSafeInteger(position) && (at === 0 || writerOf(positions[at - 1]!) < writerOf(position)),
  );
}
