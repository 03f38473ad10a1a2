/** What sessions refuse, and why they fail, in sentences that say what to do. */
import type { StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';

/** Of a session that waits for video. */
export const NOBODY_SENDS =
  'Nobody sends yet: send video to the address of this stream; `renewIngestAddress` makes another one.';

/** Of a session that was left by a server that nobody else can have been: the database is its own. */
export const SERVER_ENDED = 'The server ended without stopping this session.';

/** Of a session whose server has not renewed its lease. */
export const SERVER_GONE =
  'The server that ran this session ended without stopping it, or had lost the database for longer than its lease lasts.';

export function alreadyRegistered({ id, name }: StreamRecord): MienError {
  const sentence = `The stream ${name} is registered with this source already (${id}), with other settings. Take that one, change it by updateStream, or give this one another name.`;
  return new MienError('CONFLICT', sentence);
}

export function alreadyRunning({ name }: StreamRecord, sessionId: string): MienError {
  const sentence = `The stream ${name} is running already (session ${sessionId}). Stop it first to begin a new session.`;
  return new MienError('CONFLICT', sentence);
}

export function neverRan({ name }: StreamRecord): MienError {
  return new MienError('CONFLICT', `The stream ${name} has never run, so there is nothing to stop.`);
}

export function shuttingDown(): MienError {
  return new MienError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.');
}

export function stillEnding({ name }: StreamRecord): MienError {
  const sentence = `The stream ${name} is still ending: what it gave cannot be stored now, because the database is away or slow. Try again in a moment.`;
  return new MienError('STORE_UNAVAILABLE', sentence);
}

export function stillRuns({ name }: StreamRecord, server: string | null): MienError {
  const sentence = `The stream ${name} is still ending at the server that runs it (${server ?? 'unknown'}), which was told to stop it, and holds its lease. It stops it as soon as it can: try again in a moment, and if that does not help, look at the log of that server, or end it.`;
  return new MienError('WORKER_UNAVAILABLE', sentence);
}

export function wasRemoved({ name }: StreamRecord): MienError {
  return new MienError('NOT_FOUND', `The stream ${name} was removed, and takes no video any more.`);
}

export function noSuchStream(id: string): MienError {
  return new MienError('NOT_FOUND', `There is no stream ${id}.`);
}

/** What may be shown of an error: deliberate ones speak for themselves. */
export function sentenceOf(error: unknown): string {
  return error instanceof MienError
    ? error.message
    : 'Something went wrong inside mien; its log has the details.';
}

export function outOfTime(): Error {
  return new Error('There was no more time to wait for the store.');
}
