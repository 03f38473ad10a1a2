/** States that the store does not take at once, or never. */
import { expect, it, onTestFinished, vi } from 'vitest';
import type { StateDetails } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import { createStateWriter } from '../../src/sessions/state-writer.ts';
import { MemoryStore, tick } from '../helpers/memory-store.ts';

/** A writer upon a store that throws what `refuse` gives for a state. */
function open(refuse: (state: string, details: StateDetails) => Error | null) {
  const store = new MemoryStore();
  const session = store.addSession('stream');
  const [asked, published, logged] = [[] as string[], [] as string[], [] as string[]];
  const giveUp = new AbortController();
  const note = (level: string) => (_: object, text: string) => void logged.push(`${level}: ${text}`);
  const writer = createStateWriter(session, {
    sessions: {
      async setState(id, state, details = {}) {
        asked.push(state);
        const error = refuse(state, details);
        if (error) throw error;
        return store.sessions.setState(id, state, details);
      },
    },
    publish: ({ state }) => void published.push(state),
    log: { debug() {}, info() {}, warn: note('warn'), error: note('error') },
    onLost: () => void published.push('lost'),
    retryMs: 1,
    giveUp: giveUp.signal,
  });
  return { writer, asked, published, logged, giveUp, stored: () => store.records.get(session.id)! };
}

const away = () => new MienError('STORE_UNAVAILABLE', 'away');
const wrong = () => Object.assign(new Error('invalid byte sequence'), { code: '22021' });

it('a state is asked for until a store that is away takes it', async () => {
  let refusals = 3;
  const { writer, asked, published } = open(() => (refusals-- > 0 ? away() : null));
  await writer.write('RUNNING');
  expect([asked.length, published]).toEqual([4, ['RUNNING']]);
});

it('a state to which no answer comes is said again, as over a connection that the network has forgotten', async () => {
  const store = new MemoryStore();
  const session = store.addSession('stream');
  let asked = 0;
  const writer = createStateWriter(session, {
    sessions: {
      setState: (id, state, details) =>
        asked++ === 0 ? new Promise(() => {}) : store.sessions.setState(id, state, details),
    },
    publish() {},
    onLost() {},
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...{ retryMs: 1, answerMs: 20, giveUp: new AbortController().signal },
  });
  expect(await writer.write('RUNNING')).toMatchObject({ state: 'RUNNING' });
  expect(asked).toBe(2);
});

it('a state whose details are refused for good is stored without them, and those after it follow', async () => {
  const { writer, asked, published, stored } = open((_, { failure, frame }) =>
    failure === 'odd' || frame ? wrong() : null,
  );
  void writer.write('RUNNING', { frame: { width: 1, height: 1 } });
  expect(await writer.write('FAILED', { failure: 'odd' })).toEqual(stored());
  expect(stored()).toMatchObject({
    state: 'FAILED',
    failure: expect.stringContaining('could not be stored'),
  });
  expect([asked, published]).toEqual([
    ['RUNNING', 'RUNNING', 'FAILED', 'FAILED'],
    ['RUNNING', 'FAILED'],
  ]);
});

it('a state that is refused for good is given up and logged, and the next one is stored', async () => {
  const { writer, asked, published, logged } = open((state) => (state === 'RUNNING' ? wrong() : null));
  expect((await writer.write('RUNNING')).state).toBe('STARTING');
  expect((await writer.write('ENDED')).state).toBe('ENDED');
  expect([asked, published]).toEqual([['RUNNING', 'RUNNING', 'ENDED'], ['ENDED']]);
  expect(logged.at(-1)).toBe('error: a state of a session is not stored');
});

it('a store that stays away is given up when there is no more time', async () => {
  const { writer, published, giveUp } = open(away);
  const written = writer.write('ENDED');
  await tick(5);
  giveUp.abort();
  expect((await written).state).toBe('STARTING');
  expect(published).toEqual([]);
});

it.each(['NOT_FOUND', 'CONFLICT'] as const)(
  'what is refused by %s is another server’s to tell: it is asked for once, and nobody is told of it',
  async (code) => {
    const { writer, asked, published, logged } = open(() => new MienError(code, 'It was taken over.'));
    await writer.write('RUNNING');
    expect([asked, published]).toEqual([['RUNNING'], ['lost']]);
    expect(logged).toEqual(['warn: could not store the state of a session']);
  },
);

it('what went well is not told to have failed, also where what was told with it is refused', async () => {
  const { writer, stored } = open((_, { frame }) => (frame ? wrong() : null));
  await writer.write('RUNNING', { frame: { width: 1, height: 1 } });
  expect(stored()).toMatchObject({ state: 'RUNNING', failure: null });
});

it('when there is no more time a state that is refused is not tried without its details, and is logged', async () => {
  const { writer, asked, logged, giveUp } = open(wrong);
  giveUp.abort();
  await writer.write('FAILED', { failure: 'odd' });
  expect(asked).toEqual(['FAILED']);
  expect(logged).toEqual([
    'warn: could not store the state of a session',
    'error: a state of a session is not stored',
  ]);
});

it('a store that is away is asked again after pauses that double to twenty times the first', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const times: number[] = [];
  const { writer, giveUp } = open(() => {
    times.push(Date.now());
    return away();
  });
  const began = Date.now();
  const written = writer.write('RUNNING');
  await vi.advanceTimersByTimeAsync(75);
  expect(times.map((time) => time - began)).toEqual([0, 1, 3, 7, 15, 31, 51, 71]);
  giveUp.abort();
  await written;
});

it('a database that does not answer is told as away', async () => {
  const giveUp = new AbortController();
  const refusals: unknown[] = [];
  const writer = createStateWriter(new MemoryStore().addSession('stream'), {
    ...{ sessions: { setState: () => new Promise<never>(() => {}) }, publish() {}, onLost() {} },
    log: {
      ...{ debug() {}, info() {}, error() {} },
      warn({ err }: { err?: unknown }) {
        refusals.push(err);
        giveUp.abort();
      },
    },
    ...{ retryMs: 1, answerMs: 5, giveUp: giveUp.signal },
  });
  await writer.write('RUNNING');
  expect(refusals).toEqual([new MienError('STORE_UNAVAILABLE', 'The database did not answer.')]);
});
