/** In which order what moments tell of follows itself, and where it stands among all commits. */
import { expect, it } from 'vitest';
import { beginningOf, writerOf } from '../../src/domain/log-position.ts';
import { compareEpisodeEvents, type EpisodeEvent } from '../../src/domain/moment.ts';

it('events of one frame come by their episodes, each with its onset, its apex and its offset', () => {
  const event = (index: number, kind: EpisodeEvent['kind']) => ({ kind, episode: { index } }) as EpisodeEvent;
  const events = [
    event(10, 'ONSET'),
    event(2, 'OFFSET'),
    event(2, 'ONSET'),
    event(2, 'APEX'),
    event(1, 'APEX'),
  ];
  const sorted = events.sort(compareEpisodeEvents).map(({ kind, episode }) => [episode.index, kind]);
  expect(sorted).toEqual([
    [1, 'APEX'],
    [2, 'ONSET'],
    [2, 'APEX'],
    [2, 'OFFSET'],
    [10, 'ONSET'],
  ]);
});

it('each writer has a billion positions of its own, as the database keeps them, and those of the next lie behind', () => {
  const beginning = beginningOf(3);
  expect(beginning).toBe(3_221_225_472);
  expect([beginning - 1, beginning, beginning + 1, beginningOf(4) - 1].map(writerOf)).toEqual([2, 3, 3, 3]);
});
