import { expect, test } from 'vitest';
import { runningSentence } from '../../src/web/streams/wall.js';

test.each([
  [0, null, 'Asking the server…'],
  [0, 0, 'No stream runs now.'],
  [1, 1, '1 stream running.'],
  [60, 61, '60 streams running; 1 more is in the list.'],
  [60, 1065, '60 streams running; 1,005 more are in the list.'],
])('%i of %i streams on the wall', (shown, total, sentence) => {
  expect(runningSentence(shown, total)).toBe(sentence);
});
