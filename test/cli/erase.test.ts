/** `mien erase`, on the database of a server that was stopped. */
import { expect, test, vi } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { rollUp } from '../../src/timeline/index.ts';
import { createDatabase, createSession, MODEL } from '../helpers/database.ts';
import { makeMoment } from '../helpers/moments.ts';
import { runHere } from './harness.ts';

vi.setConfig({ testTimeout: 240_000 });

/** Of a command that works on this database, without a setting of retention. */
function envOf({ config: { dataDir, databaseUrl } }: Awaited<ReturnType<typeof createDatabase>>) {
  return {
    ...{ PATH: process.env.PATH ?? '', MIEN_DATA_DIR: dataDir, MIEN_LOG_LEVEL: 'warn' },
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  };
}

test('a track and then its session are erased by commands, which leave their records and are audited', async () => {
  const database = await createDatabase();
  const first = await openStore({ rollUp, ...database.config });
  await first.models.upsert(MODEL);
  const { id } = await createSession(first);
  for (let seq = 0; seq < 10; seq++) await first.moments.append(makeMoment(id, seq, { faces: 2 }), []);
  await first.sessions.setState(id, 'ENDED');
  await first.close();
  const env = { ...envOf(database), MIEN_RETENTION: 'off' };
  const track = await runHere(['erase', 'track', id, '2', '--reason', 'a passer-by'], env);
  expect(track).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Erased 10 readings, 1 tracks, \d+ sums\./),
  });
  const session = await runHere(['erase', 'session', id, '--reason', 'withdrawal'], env);
  expect(session.stdout).toMatch(
    /^Erased 1 sessions, 10 moments, 10 readings, 1 tracks, \d+ sums\. The record is /,
  );
  const again = await runHere(['erase', 'session', id, '--reason', 'withdrawal'], env);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(`There is no session ${id}.`) });
  const unclear = await runHere(
    ['erase', 'range', '--session', id, '--from', '2026-11-28T09:00:00Z', '--reason', 'x'],
    env,
  );
  expect(unclear).toMatchObject({ code: 1, stderr: expect.stringContaining('A range is of') });
  const noDay = ['--from', '2026-02-27T00:00:00Z', '--to', '2026-02-30T00:00:00Z'];
  expect(await runHere(['erase', 'range', '--session', id, ...noDay, '--reason', 'x'], env)).toMatchObject({
    stderr: expect.stringContaining('It must be a time with its zone'),
  });
  const store = await openStore({ rollUp, ...database.config });
  const records = await store.prisma.erasure.findMany({ orderBy: { ordinal: 'asc' } });
  expect(records.map(({ reason, requesterKind }) => [reason, requesterKind])).toEqual([
    ['a passer-by', 'COMMAND'],
    ['withdrawal', 'COMMAND'],
  ]);
  const entries = await store.prisma.auditEntry.findMany({
    where: { action: 'ERASE' },
    orderBy: { ordinal: 'asc' },
  });
  expect(entries.map(({ targetId }) => targetId)).toEqual(records.map((record) => record.id));
  await store.close();
  await database.dispose();
});

test('a stretch of a session that a crash left running is erased by a command, where nobody else can run it', async () => {
  const database = await createDatabase();
  const first = await openStore({ rollUp, ...database.config });
  await first.models.upsert(MODEL);
  const { id } = await createSession(first);
  await first.sessions.setState(id, 'RUNNING');
  for (let seq = 0; seq < 10; seq++) await first.moments.append(makeMoment(id, seq), []);
  await first.close();
  const env = { ...envOf(database), MIEN_RETENTION: 'off' };
  const range = ['erase', 'range', '--session', id, '--media-from', '0.5', '--media-to', '60'];
  const { stdout, stderr } = await runHere([...range, '--reason', 'x'], env);
  if (database.config.databaseUrl) expect(stderr).toContain(`Session ${id} runs`);
  else expect(stdout).toMatch(/^Erased 5 moments, 5 readings/);
  await database.dispose();
});

test('a command keeps what the server keeps, whose setting of retention it is not given', async () => {
  const database = await createDatabase();
  const first = await openStore({ rollUp, ...database.config });
  await first.models.upsert(MODEL);
  const [{ id: old }, { id }] = [await createSession(first), await createSession(first)];
  const start = Date.now() - 100 * 86_400_000;
  await first.moments.append(makeMoment(old, 0, { start }), []);
  await first.moments.append(makeMoment(id, 0), []);
  for (const session of [old, id]) await first.sessions.setState(session, 'ENDED');
  await first.close();
  const env = envOf(database);
  expect(await runHere(['erase', 'session', id, '--reason', 'x'], env)).toMatchObject({ code: 0 });
  const store = await openStore({ rollUp, ...database.config });
  expect((await store.moments.page(old, -1, 10)).map(({ seq }) => seq)).toEqual([0]);
  await store.close();
  await database.dispose();
});
