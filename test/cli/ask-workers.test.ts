/** Whom an API asks to take a stream. */
import { expect, test } from 'vitest';
import type { Requests } from '../../src/bus/index.ts';
import { createWorkers } from '../../src/cli/serve/ask-workers.ts';
import type { Offer } from '../../src/cli/serve/bus-requests.ts';
import { MienError, type MienErrorCode } from '../../src/errors.ts';
import { checkRegistration } from '../../src/sessions/check-registration.ts';

const STREAM = {
  id: 'a',
  source: { type: 'url', url: 'rtsp://camera/1' },
  frameRate: 10,
  realtime: null,
} as const;
const CAMERA = checkRegistration({ name: 'a', source: STREAM.source, purpose: 'RESEARCH' }, []);

interface Worker extends Partial<Offer> {
  worker: string;
  /** With what it refuses; null: it takes the stream. */
  refuses: MienErrorCode | null;
}

/** An API, and workers that answer like this. */
function api(workers: readonly Worker[], more: Partial<Requests> = {}) {
  const asked: string[] = [];
  const offers = workers.map(({ refuses: _, ...offer }) => ({
    isHere: true,
    isFull: false,
    running: 0,
    ...offer,
  }));
  const requests = {
    isUp: true,
    refusal: null,
    askAll: async () => offers,
    ask: async (kind: string) => {
      const [, worker, what] = kind.split('.') as [string, string, string];
      asked.push(worker);
      const { refuses } = workers.find((one) => one.worker === worker)!;
      if (refuses !== null) throw new MienError(refuses, `${worker} refuses`);
      return what === 'start' ? { sessionId: worker } : { id: worker, alreadyRegistered: false };
    },
    ...more,
  } as unknown as Requests;
  return { asked, ...createWorkers(requests, { sealSource: async (source) => source }) };
}

test('one that has not the time is followed by another, also where it did not know before', async () => {
  const workers: Worker[] = [
    { worker: 'full', refuses: 'OVER_CAPACITY', isFull: true },
    { worker: 'busy', refuses: 'OVER_CAPACITY', running: 1 },
    { worker: 'ending', refuses: 'SHUTTING_DOWN', running: 2 },
    { worker: 'idle', refuses: null, running: 3 },
  ];
  const { register, start, asked } = api(workers);
  expect(await register(CAMERA, null)).toMatchObject({ id: 'idle' });
  expect(asked.splice(0)).toEqual(['busy', 'ending', 'idle']);
  expect(await start(STREAM, {})).toBe('idle');
  expect(asked).toEqual(['busy', 'ending', 'idle']);
});

test('where none has the time, that is what is told, and those that say so are not all asked to look at the source', async () => {
  const workers: Worker[] = ['a', 'b', 'c'].map((worker) => ({
    worker,
    refuses: 'OVER_CAPACITY',
    isFull: true,
  }));
  const { register, asked } = api(workers);
  await expect(register(CAMERA, null)).rejects.toMatchObject({ code: 'OVER_CAPACITY' });
  expect(asked).toHaveLength(1);
});

test('one that has not the file is not asked because another has not the time', async () => {
  const { start, asked } = api([
    { worker: 'having', refuses: 'OVER_CAPACITY' },
    { worker: 'without', refuses: 'SOURCE_UNREACHABLE', isHere: false },
  ]);
  await expect(start(STREAM, {})).rejects.toMatchObject({ code: 'OVER_CAPACITY' });
  expect(asked).toEqual(['having']);
});

test('what another worker would say as well is told at once', async () => {
  const { start, asked } = api([
    { worker: 'one', refuses: 'CONFLICT' },
    { worker: 'other', refuses: null, running: 1 },
  ]);
  await expect(start(STREAM, {})).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(asked).toEqual(['one']);
});

test('where nobody answers, it is told why, as far as is known', async () => {
  const unavailable = (message: string) => ({
    code: 'WORKER_UNAVAILABLE',
    message: expect.stringContaining(message),
  });
  const told = (more: Partial<Requests>) => api([], more).start(STREAM, {});
  await expect(told({})).rejects.toMatchObject(unavailable('start a `mien worker`'));
  await expect(told({ isUp: false })).rejects.toMatchObject(unavailable('NATS does not answer'));
  await expect(told({ refusal: 'Give it rights.' })).rejects.toMatchObject(unavailable('Give it rights.'));
});
