/** Following through broken connections: nothing missed, nothing twice. */
import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createLagDetector, followStream } from '../../src/web/follow-stream.js';
import { ConnectionLost, ServerError } from '../../src/web/graphql-client.js';
import type { Connection, Moment } from '../../src/web/types.d.ts';
import { moment } from './moments.ts';

type Line = Moment | Error | (() => void);

/** A server in small: what each connection delivers, and then whether it ends, breaks or stays open. */
function world(connections: ((after: string | null) => Line[])[]) {
  const asked: (string | null)[] = [];
  const shown: string[] = [];
  const states: string[] = [];
  const gaps: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  async function* open(
    after: string | null,
    signal: AbortSignal,
    onOpen: () => void,
  ): AsyncGenerator<Moment> {
    asked.push(after);
    const deliver = connections[asked.length - 1];
    if (!deliver) throw new ConnectionLost('the server does not answer');
    onOpen();
    for (const line of deliver(after)) {
      await setImmediate();
      if (signal.aborted) throw new ConnectionLost('left');
      if (line instanceof Error) throw line;
      if (typeof line === 'function') line();
      else yield line;
    }
  }
  const done = followStream({
    open,
    onMoment: ({ cursor }) => shown.push(cursor),
    onConnection: (connection: Connection) => {
      if (states.at(-1) !== connection.state) states.push(connection.state);
    },
    onGap: (sentence) => gaps.push(sentence),
    signal: stop.signal,
    pause: async (ms) => {
      pauses.push(ms);
      if (pauses.length > 20) stop.abort();
    },
    // As if every moment came at once.
    isBehind: () => false,
  });
  return { done, asked, shown, states, gaps, pauses, stop };
}

const range = (from: number, to: number, sessionId = 's') =>
  Array.from({ length: to - from + 1 }, (_, index) => moment(from + index, { sessionId }));
const cursors = (from: number, to: number, sessionId = 's') =>
  range(from, to, sessionId).map(({ cursor }) => cursor);
const lost = new ConnectionLost('the server closed the connection');

it('asks for what everyone asks for, without `after`, at first', async () => {
  const { done, asked, shown, states } = world([() => range(5, 9)]);
  await done;
  expect(asked).toEqual([null]);
  expect(shown).toEqual(cursors(5, 9));
  expect(states).toEqual(['connecting', 'live', 'ended']);
});

it('goes on behind its last moment when the connection breaks, and says so meanwhile', async () => {
  const { done, asked, shown, states, pauses } = world([
    () => [...range(0, 3), lost],
    () => [...range(4, 9)],
  ]);
  await done;
  expect(asked).toEqual([null, 's:3']);
  expect(shown).toEqual(cursors(0, 9));
  expect(states).toEqual(['connecting', 'live', 'lost', 'catching up', 'live', 'ended']);
  expect(pauses).toEqual([500]);
});

it('shows what comes twice once, through the sessions of a stream', async () => {
  const { done, shown } = world([
    () => [...range(0, 3), lost],
    () => [...range(2, 5), ...range(0, 2, 't'), lost],
    () => [...range(1, 4, 't')],
  ]);
  await done;
  expect(shown).toEqual([...cursors(0, 5), ...cursors(0, 4, 't')]);
});

it('waits longer and longer, but not for ever, while nobody answers', async () => {
  const { done, pauses } = world([]);
  await done;
  expect(pauses.slice(0, 7)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

it('waits briefly again once things have gone well', async () => {
  const { done, pauses } = world([
    () => [lost],
    () => [lost],
    () => [...range(0, 1), lost],
    () => range(2, 3),
  ]);
  await done;
  expect(pauses).toEqual([500, 1000, 500]);
});

it('comes back after a restart', async () => {
  const closing = new ServerError('mien is shutting down; connect again in a moment.', 'SHUTTING_DOWN');
  const { done, shown } = world([() => [...range(0, 1), closing], () => range(2, 3)]);
  await done;
  expect(shown).toEqual(cursors(0, 3));
});

it('begins anew, and says what the server says, when what it missed has been deleted', async () => {
  const expired = new ServerError('This cursor is too old.', 'CURSOR_EXPIRED');
  const { done, asked, gaps, shown } = world([
    () => [...range(0, 1), lost],
    () => [expired],
    () => range(50, 51),
  ]);
  await done;
  expect(asked).toEqual([null, 's:1', null]);
  expect(gaps).toEqual(['This cursor is too old.']);
  expect(shown).toEqual([...cursors(0, 1), ...cursors(50, 51)]);
});

it('does not try again what cannot go better', async () => {
  const { done, asked } = world([() => [new ServerError('There is no stream x.', 'NOT_FOUND')]]);
  await expect(done).rejects.toThrow('There is no stream x.');
  expect(asked).toEqual([null]);
});

it('stops when it is told to, in silence', async () => {
  const { done, stop, states, shown } = world([() => [moment(0), () => stop.abort(), ...range(1, 5)]]);
  await done;
  expect(shown).toEqual(cursors(0, 0));
  expect(states).toEqual(['connecting', 'live']);
});

it('knows history by how much later than ever it comes, whatever the clocks say', () => {
  let now = 5_000_000;
  const isBehind = createLagDetector(() => now);
  const at = (time: number) => ({ wallTime: new Date(time).toISOString() });
  expect(isBehind(at(1_000_000))).toBe(false); // clocks differ by more than an hour
  now += 60_000;
  expect(isBehind(at(1_001_000))).toBe(true);
  expect(isBehind(at(1_059_000))).toBe(false);
});
