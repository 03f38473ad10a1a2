/** Staying signed in, whatever the clock of the machine does. */
import { expect, it } from 'vitest';
import { createSignIns } from '../../src/access/sign-ins.ts';
import { hashOf } from '../../src/access/token-format.ts';
import type { Principal } from '../../src/domain/access.ts';
import { MemorySignIns } from '../helpers/sign-ins.ts';

const ADA: Principal = {
  ...{ kind: 'OIDC', id: 'https://id.example.org#ada', name: 'Ada', role: 'VIEWER' },
  ...{ streams: null, expiresAt: null },
};

it('a sign-in that ended at another server is over here within two seconds, also where the clock is set back meanwhile', async () => {
  let [time, elapsed] = [Date.now(), 0];
  const store = new MemorySignIns();
  const tokens = { byId: async () => null, notRevoked: async () => new Set<string>() };
  const { begin, scheme } = createSignIns({ store, tokens, now: () => time, elapsed: () => elapsed });
  const { value } = await begin(ADA);
  const credential = { by: 'COOKIE', value } as const;
  expect(await scheme.verify(credential)).toMatchObject({ principal: { name: 'Ada' } });
  await store.end(hashOf(value));
  time -= 3_600_000;
  elapsed += 2_001;
  expect(await scheme.verify(credential)).toBeNull();
});
