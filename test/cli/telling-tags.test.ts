/** Whoever is limited by tags sees a new stream at every server: each is told to read its tags. */
import { expect, it } from 'vitest';
import { announceTagChanges } from '../../src/cli/serve/announce-tag-changes.ts';
import type { Store } from '../../src/store/index.ts';

it('other servers are told of each stream that is stored or changed here, and of none that was there', async () => {
  const told: string[] = [];
  const tellTagged = (id: string) => void told.push(id);
  const store = {
    create: async () => ({ id: 'created' }),
    createUnless: async (_: object, isTaken: (others: []) => boolean) =>
      isTaken([]) ? null : { id: 'registered' },
    update: async (id: string) => ({ id }),
  } as unknown as Store['streams'];
  const streams = announceTagChanges(store, { tellTagged } as Parameters<typeof announceTagChanges>[1]);
  expect(await streams.createUnless({} as never, () => true)).toBeNull();
  expect(told).toEqual([]);
  await streams.createUnless({} as never, () => false);
  await streams.create({} as never);
  await streams.update('changed', {} as never);
  expect(told).toEqual(['registered', 'created', 'changed']);
});
