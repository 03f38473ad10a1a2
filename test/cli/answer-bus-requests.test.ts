/** What a worker answers an API that asks it. */
import { expect, test } from 'vitest';
import type { Requests } from '../../src/bus/index.ts';
import { type AnsweringParts, answerAsked } from '../../src/cli/serve/answer-bus-requests.ts';
import { registerAt } from '../../src/cli/serve/bus-requests.ts';
import type { SourceInput } from '../../src/domain/frame.ts';

const CAMERA = { type: 'url', url: 'rtsp://camera/1' } as const;

/** A worker by whose key a source is opened as this. */
function worker(opened: SourceInput) {
  const answers = new Map<string, (asked: unknown) => unknown>();
  const registered: unknown[] = [];
  const requests = {
    answer: (kind: string, answerer: (asked: unknown) => unknown) => {
      answers.set(kind, answerer);
      return () => {};
    },
  } as unknown as Requests;
  const { close } = answerAsked(requests, {
    streamManager: {
      running: () => [],
      register: async (input: object) => {
        registered.push(input);
        return { id: 'a', alreadyRegistered: false };
      },
    },
    load: { isFullFor: ({ frameRate }: { frameRate: number }) => frameRate > 30 },
    store: { unsealSource: async () => opened },
    isHere: async () => true,
    modelIds: [],
  } as unknown as AnsweringParts);
  const ask = async (kind: string, asked: object) => (await answers.get(kind)!(asked)) as never;
  return { ask, registered, close };
}

test('a source whose password it cannot read is not its own, and is not registered without it', async () => {
  const { ask, registered, close } = worker({ ...CAMERA, locked: true });
  const { worker: id, isHere } = await ask('offers', { source: {} });
  expect(isHere).toBe(false);
  await expect(ask(registerAt(id), { input: { source: {} }, shown: null })).rejects.toMatchObject({
    code: 'SOURCE_REFUSED',
    message: expect.stringContaining('the same MIEN_SECRET_KEY'),
  });
  expect(registered).toEqual([]);
  close();
});

test('one that it can read is registered with it', async () => {
  const { ask, registered, close } = worker({ ...CAMERA, url: 'rtsp://me:secret@camera/1' });
  const { worker: id, isHere } = await ask('offers', { source: {} });
  expect(isHere).toBe(true);
  await ask(registerAt(id), { input: { source: {} }, shown: null });
  expect(registered).toMatchObject([{ source: { url: 'rtsp://me:secret@camera/1' } }]);
  close();
});

test('one that has not the time for a stream says so', async () => {
  const { ask, close } = worker(CAMERA);
  for (const [frameRate, isFull] of [
    [30, false],
    [31, true],
  ])
    expect(await ask('offers', { source: {}, frameRate, realtime: null })).toMatchObject({ isFull });
  close();
});
