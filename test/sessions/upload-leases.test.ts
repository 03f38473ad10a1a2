/** An upload is kept from the first stream that uses it to the last, and no trouble with it is a stream's. */
import { expect, it } from 'vitest';
import type { StreamRecord } from '../../src/domain/stream.ts';
import { createUploadLeases } from '../../src/sessions/upload-leases.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';

const STREAM: StreamRecord = { ...STREAM_RECORD, source: { type: 'upload', token: 'abc' } };

/** @param users streams that use the upload @param isBroken whether the storage refuses everything */
function leases(users: StreamRecord[], isBroken = false) {
  const told: string[] = [];
  const logged: unknown[] = [];
  const note = (what: string) => async (token: string) => {
    told.push(`${what} ${token}`);
    if (isBroken) throw new Error('busy');
  };
  const uploads = { take: note('take'), offer: note('offer'), release: note('release') };
  const log = { debug() {}, info() {}, warn: (...said: unknown[]) => void logged.push(said), error() {} };
  const streams = { byUpload: async (token: string) => (token === 'abc' ? users : []) };
  return { leases: createUploadLeases({ uploads, streams, log }), streams, log, told, logged };
}

it('an upload is taken, offered before a removal, and then released, or taken again where a stream uses it', async () => {
  const last = leases([]);
  await last.leases.acquire(STREAM);
  await last.leases.offer(STREAM);
  await last.leases.settle(STREAM);
  expect(last.told).toEqual(['take abc', 'offer abc', 'release abc']);
  const used = leases([{ ...STREAM, id: 'b' }]);
  await used.leases.settle(STREAM);
  expect(used.told).toEqual(['take abc']);
  // To acquire or to offer it nobody looks who else uses it.
  await used.leases.acquire(STREAM);
  await used.leases.offer(STREAM);
  expect(used.told).toEqual(['take abc', 'take abc', 'offer abc']);
});

it('what is no upload is left alone, and a server without uploads has nothing to release', async () => {
  const { leases: some, streams, log, told, logged } = leases([]);
  for (const change of ['acquire', 'offer', 'settle'] as const) await some[change](STREAM_RECORD);
  const none = createUploadLeases({ streams, log });
  for (const change of ['acquire', 'offer', 'settle'] as const) await none[change](STREAM);
  expect([told, logged]).toEqual([[], []]);
});

it('a storage that refuses is logged by what was to be done, and fails nothing', async () => {
  const { leases: some, logged } = leases([], true);
  for (const change of ['acquire', 'offer', 'settle'] as const) await some[change](STREAM);
  const of = { err: new Error('busy'), stream: STREAM.id };
  expect(logged).toEqual([
    [of, 'could not take an upload'],
    [of, 'could not offer an upload'],
    [of, 'could not release an upload'],
  ]);
});
