import { describe, expect, it } from 'vitest';
import type { ErasureStep } from '../../src/domain/erasure.ts';
import type { LiveEvent } from '../../src/domain/live-event.ts';
import { isErased } from '../../src/sessions/is-erased.ts';

const moment = (sessionId: string, seq: number, tracks: number[] = []): LiveEvent =>
  ({
    kind: 'moment',
    streamId: 's',
    moment: { sessionId, seq, faces: tracks.map((track) => ({ track })) },
  }) as never;
const episode = (sessionId: string, track: number, onset = 0, offset: number | null = null): LiveEvent =>
  ({
    kind: 'episode',
    streamId: 's',
    event: { kind: 'ONSET', episode: { sessionId, track, onset, offset } },
  }) as never;
const STATUS: LiveEvent = { kind: 'status', streamId: 's', session: { id: 'one' } } as never;
const REMOVED: LiveEvent = { kind: 'removed', streamId: 's' };

const STRETCH: ErasureStep = {
  ...{ do: 'STRETCH', sessionId: 'one', fromSeq: 10, toSeq: 20, since: 1, until: 2 },
  ...{ durationBefore: null, firstSecond: 1, lastSecond: 2 },
};
const SESSION: ErasureStep = { do: 'SESSION', sessionId: 'one' };
const TRACK: ErasureStep = { do: 'TRACK', sessionId: 'one', track: 3 };

describe('an event is gone', () => {
  it.each([
    ['moments of the session', SESSION, moment('one', 1)],
    ['episodes of the session', SESSION, episode('one', 1)],
    ['moments that show the face', TRACK, moment('one', 1, [1, 3])],
    ['episodes of the face', TRACK, episode('one', 3)],
    ['the first moment of a stretch', STRETCH, moment('one', 10)],
    ['the last moment of a stretch', STRETCH, moment('one', 20)],
    ['an episode that lasts from before a stretch', STRETCH, episode('one', 1, 0, null)],
    ['an episode that ends in a stretch', STRETCH, episode('one', 1, 0, 1.5)],
    ['an episode that ends where a stretch begins', STRETCH, episode('one', 1, 0, 1)],
    ['one that ends there but for rounding', STRETCH, episode('one', 1, 0, 0.9996)],
    ['an episode that begins in a stretch', STRETCH, episode('one', 1, 1.9, null)],
    ['an episode around a stretch', STRETCH, episode('one', 1, 0, 9)],
  ])('%s', (_, step, event) => expect(isErased(step, event)).toBe(true));
});

describe('an event stays', () => {
  it.each([
    ['moments of another session', SESSION, moment('two', 1)],
    ['episodes of another session', SESSION, episode('two', 1)],
    ['states', SESSION, STATUS],
    ['that a stream is gone', SESSION, REMOVED],
    ['moments that show other faces', TRACK, moment('one', 1, [1, 2])],
    ['moments without a face', TRACK, moment('one', 1)],
    ['the face of that number in another session', TRACK, moment('two', 1, [3])],
    ['episodes of another face', TRACK, episode('one', 4)],
    ['the moment before a stretch', STRETCH, moment('one', 9)],
    ['the moment behind a stretch', STRETCH, moment('one', 21)],
    ['an episode that ended before a stretch', STRETCH, episode('one', 1, 0, 0.9)],
    ['an episode that begins behind a stretch', STRETCH, episode('one', 1, 2, null)],
    ['one that begins there but for rounding', STRETCH, episode('one', 1, 1.9996, null)],
    ['all, where an upload goes', { do: 'UPLOAD', token: 'one' } as const, moment('one', 1)],
    ['all, where a stream goes without sessions', { do: 'STREAM', streamId: 's' } as const, moment('one', 1)],
    ['all, where files are cleaned', { do: 'FILES', firstDay: 0, lastDay: 9 } as const, episode('one', 1)],
  ])('%s', (_, step, event) => expect(isErased(step, event)).toBe(false));
});
