/** Following a stream through broken connections: no moment is missed, and none shown twice. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConnectionLost, MienError } from '../../clients/typescript/src/errors.ts';
import { follow } from '../../clients/typescript/src/follow.ts';
import { createLagDetector } from '../../clients/typescript/src/lag.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

interface Moment {
  cursor: string;
  sessionId: string;
  seq: number;
  wallTime: string;
}

function moment(seq: number, { sessionId = 's' } = {}): Moment {
  const wallTime = new Date(1_700_000_000_000 + seq * 100).toISOString();
  return { cursor: `${sessionId}:${seq}`, sessionId, seq, wallTime };
}

type Delivery = Moment | Error | (() => void);

/** Follows a stream from which each connection delivers what the test lists: moments, then an end or an error. */
function followScripted(connections: ((after: string | null) => Delivery[])[]) {
  const asked: (string | null)[] = [];
  const shown: string[] = [];
  const states: string[] = [];
  const gaps: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  async function* open(
    after: string | null,
    signal: AbortSignal,
    onBegin: (cursor: string) => void,
  ): AsyncGenerator<Moment> {
    asked.push(after);
    const deliver = connections[asked.length - 1];
    if (!deliver) throw new ConnectionLost('the server does not answer');
    onBegin(after ?? 'now');
    for (const delivery of deliver(after)) {
      await setImmediate();
      if (signal.aborted) throw new ConnectionLost('left');
      if (delivery instanceof Error) throw delivery;
      if (typeof delivery === 'function') delivery();
      else yield delivery;
    }
  }
  const run = async () => {
    const moments = follow<Moment>(open, {
      onConnection: ({ state }) => states.push(state),
      onGap: ({ message }) => gaps.push(message),
      signal: stop.signal,
      pause: async (ms) => {
        pauses.push(ms);
        if (pauses.length > 20) stop.abort();
      },
      // As if every moment came at once.
      isBehind: () => false,
    });
    for await (const { cursor } of moments) shown.push(cursor);
  };
  const done = run();
  return { done, asked, shown, states, gaps, pauses, stop };
}

const range = (from: number, to: number, sessionId = 's') =>
  Array.from({ length: to - from + 1 }, (_, index) => moment(from + index, { sessionId }));
const cursors = (from: number, to: number, sessionId = 's') =>
  range(from, to, sessionId).map(({ cursor }) => cursor);
/** Each as long as this, or shorter by up to a half. */
const expectPauses = (pauses: readonly number[], longest: readonly number[]) => {
  expect(pauses).toHaveLength(longest.length);
  for (const [at, most] of longest.entries()) {
    expect(pauses[at]).toBeLessThanOrEqual(most);
    expect(pauses[at]).toBeGreaterThanOrEqual(most / 2);
  }
};
const refused = (message: string, code: string) => new MienError({ message, extensions: { code } });
/** A connection that stands this long has lasted. */
const last = () => void vi.advanceTimersByTime(8_000);
const lost = new ConnectionLost('the server closed the connection');

it('following a stream begins without `after`, as all other subscribers do', async () => {
  const { done, asked, shown, states } = followScripted([() => range(5, 9)]);
  await done;
  expect(asked).toEqual([null]);
  expect(shown).toEqual(cursors(5, 9));
  expect(states).toEqual(['connecting', 'live', 'ended']);
});

it('following a stream resumes behind the last moment after a broken connection, and reports the loss meanwhile', async () => {
  const { done, asked, shown, states, pauses } = followScripted([
    () => [...range(0, 3), lost],
    () => [...range(4, 9)],
  ]);
  await done;
  expect(asked).toEqual([null, 's:3']);
  expect(shown).toEqual(cursors(0, 9));
  expect(states).toEqual(['connecting', 'live', 'lost', 'catching up', 'live', 'ended']);
  expectPauses(pauses, [500]);
});

it('a moment that is delivered twice is shown once, in every session of a stream', async () => {
  const { done, shown } = followScripted([
    () => [...range(0, 3), lost],
    () => [...range(2, 5), ...range(0, 2, 't'), lost],
    () => [...range(1, 4, 't')],
  ]);
  await done;
  expect(shown).toEqual([...cursors(0, 5), ...cursors(0, 4, 't')]);
});

it('pauses between attempts to reconnect grow up to a limit while nobody answers', async () => {
  const { done, pauses } = followScripted([]);
  await done;
  expectPauses(pauses.slice(0, 7), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

it('those whose connections broke at the same moment do not come back at the same moment', async () => {
  const all = Array.from({ length: 20 }, () => followScripted([() => [lost]]));
  await Promise.all(all.map(({ done }) => done));
  const firsts = all.map(({ pauses }) => pauses[0]!);
  expect(new Set(firsts).size).toBeGreaterThan(10);
  expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(50);
});

it('pauses between attempts to reconnect are short again once a connection has lasted, whatever came by it', async () => {
  const { done, pauses } = followScripted([
    () => [lost],
    () => [...range(0, 1), lost],
    () => [last, lost],
    () => [...range(2, 2), lost],
    () => range(3, 3),
  ]);
  await done;
  expectPauses(pauses, [500, 1000, 500, 1000]);
});

it('following a stream goes on after the server has restarted', async () => {
  const closing = refused('mien is shutting down; connect again in a moment.', 'SHUTTING_DOWN');
  const { done, shown } = followScripted([() => [...range(0, 1), closing], () => range(2, 3)]);
  await done;
  expect(shown).toEqual(cursors(0, 3));
});

it('following a stream begins without a cursor, and shows the server’s sentence, when the moments it missed were deleted', async () => {
  const expired = refused('This cursor is too old.', 'CURSOR_EXPIRED');
  const { done, asked, gaps, shown } = followScripted([
    () => [...range(0, 1), lost],
    () => [expired],
    () => range(50, 51),
  ]);
  await done;
  expect(asked).toEqual([null, 's:1', null]);
  expect(gaps).toEqual(['This cursor is too old.']);
  expect(shown).toEqual([...cursors(0, 1), ...cursors(50, 51)]);
});

it('following a stream resumes where it began when the connection breaks before anything came, also behind a gap', async () => {
  const expired = refused('This cursor is too old.', 'CURSOR_EXPIRED');
  const { done, asked, shown, gaps } = followScripted([
    () => [lost],
    () => [...range(0, 1), lost],
    () => [expired],
    () => [lost],
    () => range(50, 51),
  ]);
  await done;
  expect(asked).toEqual([null, 'now', 's:1', null, 'now']);
  expect(gaps).toEqual(['This cursor is too old.']);
  expect(shown).toEqual([...cursors(0, 1), ...cursors(50, 51)]);
});

it('following a stream does not retry after an error that is final', async () => {
  const { done, asked } = followScripted([() => [refused('There is no stream x.', 'NOT_FOUND')]]);
  await expect(done).rejects.toThrow('There is no stream x.');
  expect(asked).toEqual([null]);
});

it('following a stream gives up where the server goes wrong again and again', async () => {
  const wrong = () => [refused('Something went wrong on the server.', 'INTERNAL')];
  const recovering = followScripted([
    wrong,
    wrong,
    wrong,
    wrong,
    () => [...range(0, 0), last, ...wrong()],
    () => [],
  ]);
  await recovering.done;
  expect(recovering.asked).toHaveLength(6);
  const { done, asked } = followScripted(
    Array.from({ length: 9 }, (_, seq) => () => [moment(seq), ...wrong()]),
  );
  await expect(done).rejects.toThrow('Something went wrong on the server.');
  expect(asked).toHaveLength(5);
});

it('following a stream stops without an error when it is aborted', async () => {
  const { done, stop, states, shown } = followScripted([
    () => [moment(0), () => stop.abort(), ...range(1, 5)],
  ]);
  await done;
  expect(shown).toEqual(cursors(0, 0));
  expect(states).toEqual(['connecting', 'live']);
});

it('a moment is catching up when it is much later than the quickest one, whatever the two clocks say', () => {
  let now = 5_000_000;
  const isBehind = createLagDetector(() => now);
  const at = (time: number) => ({ wallTime: new Date(time).toISOString() });
  expect(isBehind(at(1_000_000))).toBe(false); // clocks differ by more than an hour
  now += 60_000;
  expect(isBehind(at(1_001_000))).toBe(true);
  expect(isBehind(at(1_059_000))).toBe(false);
});
