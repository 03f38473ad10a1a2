/** Which looks at streams that were removed lead to what the outputs of a server are told. */
import { expect, it } from 'vitest';
import { RemovedStreams } from '../../src/outputs/dedupe-removed-streams.ts';

it('a removal that is another server’s to tell is told here when that one is gone before it has, and once', async () => {
  const looks = [false, false, true, true].map((isOurs) => [{ streamId: 's', isOurs }]);
  const told: [string, boolean][] = [];
  const runs = new Map([['o', { removed: (id: string, isOurs: boolean) => void told.push([id, isOurs]) }]]);
  const removed = new RemovedStreams(async () => looks.shift() ?? []);
  for (let look = 0; look < 5; look++) await removed.tell(runs);
  expect(told).toEqual([
    ['s', false],
    ['s', true],
  ]);
});
