/** The loop that opens a source as often as it takes. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { supervise } from '../../src/sessions/supervisor.ts';

const failed = (code: string) => new MienError(code as never, 'It failed.');

/** A source that ends in each of these ways in turn (null: without an error), and is then stopped; and what was told of it. */
async function supervised(
  ends: unknown[],
  more: { canReturn?: boolean; wait?: number; stopAt?: number } = {},
) {
  const { canReturn = true, wait = 0, stopAt = Number.POSITIVE_INFINITY } = more;
  const stopping = new AbortController();
  const told: unknown[] = [];
  let opened = 0;
  const end = await supervise({
    async runSource() {
      const error = ends[opened++];
      if (opened > ends.length) stopping.abort();
      if (error) throw error;
    },
    canReturn(error) {
      told.push(['can it return', error]);
      return canReturn;
    },
    onSourceLost(error, wait) {
      told.push(['lost', error, wait]);
      if (opened >= stopAt) stopping.abort();
    },
    backoff: { failed: () => wait, delivers() {} },
    stopping: stopping.signal,
  });
  return { end, opened, told };
}

it.each(['SOURCE_UNREACHABLE', 'SOURCE_FAILED', 'UPLOADS_UNAVAILABLE'])(
  'a source that was lost by %s is opened again, until it is stopped',
  async (code) => {
    const error = failed(code);
    const { end, opened, told } = await supervised([error, null]);
    expect([end, opened]).toEqual([{ how: 'stopped' }, 3]);
    expect(told).toEqual([
      ['can it return', error],
      ['lost', error, 0],
      ['can it return', null],
      ['lost', null, 0],
    ]);
  },
);

it.each([
  ['a failure that stays', failed('SOURCE_REFUSED'), true, false],
  ['a fault', new Error('a bug'), true, false],
  ['a failure of what cannot be opened again', failed('SOURCE_FAILED'), false, false],
  ['the end of what cannot be opened again', null, false, true],
])('%s is the end of a source', async (_, error, canReturn, isEnd) => {
  const { end, opened } = await supervised([error], { canReturn });
  expect([end, opened]).toEqual([isEnd ? { how: 'ended' } : { how: 'failed', error }, 1]);
});

it('a source that is stopped while it waits to be opened again is not opened any more, and waits no longer', async () => {
  const { end, opened } = await supervised([null, null], { wait: 3_600_000, stopAt: 1 });
  expect([end, opened]).toEqual([{ how: 'stopped' }, 1]);
});
