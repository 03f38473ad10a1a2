/** What sessions refuse, and why they fail, in sentences that say what to do. */
import type { StreamRecord } from '../domain/stream.ts';
import { MienError } from '../errors.ts';

/** Of a session that waits for video. */
export const NOBODY_SENDS =
  'Nobody sends yet: send video to the address of this stream; `renewIngestAddress` makes another one.';

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
