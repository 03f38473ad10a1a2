/** What sessions refuse, and why they fail: each is told by its code and by a sentence that says what to do. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import * as errors from '../../src/sessions/stream-errors.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';

const STREAM = { ...STREAM_RECORD, id: 'stream-1', name: 'hall' };

it.each([
  [
    errors.alreadyRegistered(STREAM),
    'CONFLICT',
    'The stream hall is registered with this source already (stream-1), with other settings. Take that one, change it by updateStream, or give this one another name.',
  ],
  [
    errors.alreadyRunning(STREAM, 'session-2'),
    'CONFLICT',
    'The stream hall is running already (session session-2). Stop it first to begin a new session.',
  ],
  [errors.neverRan(STREAM), 'CONFLICT', 'The stream hall has never run, so there is nothing to stop.'],
  [errors.shuttingDown(), 'SHUTTING_DOWN', 'The server is stopping. Try again when it is back.'],
  [
    errors.stillEnding(STREAM),
    'STORE_UNAVAILABLE',
    'The stream hall is still ending: what it gave cannot be stored now, because the database is away or slow. Try again in a moment.',
  ],
  ...[
    ['lab 7', 'lab 7'] as const,
    // Its server has told nothing of itself.
    [null, 'unknown'] as const,
  ].map(([server, named]): [MienError, string, string] => [
    errors.stillRuns(STREAM, server),
    'WORKER_UNAVAILABLE',
    `The stream hall is still ending at the server that runs it (${named}), which was told to stop it, and holds its lease. It stops it as soon as it can: try again in a moment, and if that does not help, look at the log of that server, or end it.`,
  ]),
  [errors.wasRemoved(STREAM), 'NOT_FOUND', 'The stream hall was removed, and takes no video any more.'],
  [errors.noSuchStream('stream-9'), 'NOT_FOUND', 'There is no stream stream-9.'],
] as [MienError, string, string][])('%s', (error, code, sentence) => {
  expect([error.code, error.message]).toEqual([code, sentence]);
});

it('of an error only what is meant to be shown is told', () => {
  expect(errors.sentenceOf(new MienError('SOURCE_FAILED', 'The source broke off.'))).toBe(
    'The source broke off.',
  );
  const hidden = 'Something went wrong inside mien; its log has the details.';
  expect([new Error('at /secret/path'), 'a bare word', null].map(errors.sentenceOf)).toEqual(
    Array(3).fill(hidden),
  );
});

it('a session that waits says for what, and one that was left says what may have become of its server', () => {
  expect(errors.NOBODY_SENDS).toBe(
    'Nobody sends yet: send video to the address of this stream; `renewIngestAddress` makes another one.',
  );
  expect([errors.SERVER_ENDED, errors.SERVER_GONE]).toEqual([
    'The server ended without stopping this session.',
    'The server that ran this session ended without stopping it, or had lost the database for longer than its lease lasts.',
  ]);
});
