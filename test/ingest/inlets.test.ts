/** Senders and the sessions that read from them: who finds whom, who is refused, who takes whose place. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { Inlets } from '../../src/ingest/push/inlets.ts';

const never = new AbortController().signal;
const inlets = (times = {}) => new Inlets({ silentMs: 60_000, heldMs: 60_000, ...times });
const failed = new MienError('SOURCE_FAILED', 'It broke.');
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof MienError ? error.code : error),
  );

test('a session gets what was sent before it came, and what comes later', async () => {
  const all = inlets();
  const body = new PassThrough();
  body.write('be');
  let taken = 0;
  const sent = all.send('a', body, () => (taken += 1));
  expect(taken).toBe(0);
  const sender = await all.take('a', never);
  expect(taken).toBe(1);
  body.end('fore');
  let text = '';
  for await (const chunk of sender.bytes) text += chunk;
  expect(text).toBe('before');
  // It had all ended when the source did.
  sender.end(failed);
  expect(await codeOf(sent)).toBeNull();
});

test('a sender gets a session that waits, of its own inlet alone', async () => {
  const all = inlets();
  const [one, other] = [all.take('a', never), all.take('b', never)];
  const sent = all.send('b', new PassThrough());
  (await other).end(failed);
  expect(await codeOf(sent)).toBe('SOURCE_FAILED');
  const also = all.send('a', new PassThrough());
  (await one).end(new MienError('SOURCE_NOT_VIDEO', 'It is none.'));
  expect(await codeOf(also)).toBe('SOURCE_NOT_VIDEO');
});

test('a second is refused while the first sends, and while one is held', async () => {
  const all = inlets();
  const held = all.send('a', new PassThrough());
  expect(await codeOf(all.send('a', new PassThrough()))).toBe('CONFLICT');
  const sender = await all.take('a', never);
  expect(await codeOf(all.send('a', new PassThrough()))).toBe('CONFLICT');
  sender.end(failed);
  expect(await codeOf(held)).toBe('SOURCE_FAILED');
});

test('who is silent loses the place to the next, and is told', async () => {
  const all = inlets({ silentMs: -1 });
  const first = all.send('a', new PassThrough());
  const sender = await all.take('a', never);
  const second = all.send('a', new PassThrough());
  expect(await codeOf(first)).toBe('CONFLICT');
  expect(sender.bytes.destroyed).toBe(true);
  (await all.take('a', never)).end(failed);
  expect(await codeOf(second)).toBe('SOURCE_FAILED');
});

test('the next of one that has ended waits for its turn: what was sent before is still analysed', async () => {
  const all = inlets();
  const body = new PassThrough();
  const first = all.send('a', body);
  const sender = await all.take('a', never);
  sender.bytes.resume();
  body.end('all');
  await new Promise((resolve) => body.once('close', resolve));
  const second = all.send('a', new PassThrough());
  expect(sender.bytes.destroyed || sender.hasEnded).toBe(true);
  sender.end(failed);
  expect(await codeOf(first)).toBeNull();
  (await all.take('a', never)).end(failed);
  expect(await codeOf(second)).toBe('SOURCE_FAILED');
});

test('one that is gone before a session took it keeps no place', async () => {
  const all = inlets();
  const gone = new PassThrough();
  const lost = all.send('a', gone);
  gone.destroy();
  await new Promise((resolve) => gone.once('close', resolve));
  const again = all.send('a', new PassThrough());
  expect(await codeOf(lost)).toBe('CONFLICT');
  (await all.take('a', never)).end(failed);
  expect(await codeOf(again)).toBe('SOURCE_FAILED');
});

test('nobody is held for ever; a session that is stopped waits no longer', async () => {
  const all = inlets({ heldMs: 1 });
  expect(await codeOf(all.send('a', new PassThrough()))).toBe('CONFLICT');
  const stopping = new AbortController();
  const waiting = all.take('a', stopping.signal);
  stopping.abort(failed);
  expect(await codeOf(waiting)).toBe('SOURCE_FAILED');
  expect(await codeOf(all.send('a', new PassThrough()))).toBe('CONFLICT');
});

test('a sender that is dropped is told why, held or read', async () => {
  const all = inlets();
  const why = new MienError('NOT_FOUND', 'It is gone.');
  const held = all.send('a', new PassThrough());
  all.drop('a', why);
  expect(await codeOf(held)).toBe('NOT_FOUND');
  const read = all.send('a', new PassThrough());
  await all.take('a', never);
  all.drop('a', why);
  expect(await codeOf(read)).toBe('NOT_FOUND');
  all.drop('b', why);
});

test('a sender that is not read waits: what is here does not grow', async () => {
  const all = inlets();
  const body = new PassThrough();
  void all.send('a', body).catch(() => {});
  let written = 0;
  while (body.write(Buffer.alloc(16_384)) && written < 1000) {
    written += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(written).toBeLessThan(20);
  (await all.take('a', never)).end(failed);
});
