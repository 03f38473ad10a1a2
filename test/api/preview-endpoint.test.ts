/** Who looks at a preview and leaves at an unlucky moment, or is ended by two at once, costs nobody anything. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import type { Previews } from '../../src/api/context/preview-port.ts';
import { createPreviewEndpoint } from '../../src/api/preview/preview-endpoint.ts';
import { MienError } from '../../src/errors.ts';
import { type OpenEndpoint, openEndpoint, REQUESTER } from './endpoint.ts';

const ID = '0190b0f0-0000-7000-8000-000000000002';
type Watcher = Parameters<Previews['watch']>[1];

let endpoint: OpenEndpoint;
afterEach(() => endpoint.close());

function sessions() {
  return {
    /** Whether its stream allows it, and what is waited for before that is known. */
    preview: true,
    known: Promise.resolve(),
    looks: 0,
    watchers: new Set<Watcher>(),
    most: 9,
  };
}

async function openPreview(state: ReturnType<typeof sessions>, watchMs?: number): Promise<OpenEndpoint> {
  endpoint = await openEndpoint(({ audit, log }) => {
    const prisma = {
      session: {
        async findUnique() {
          state.looks += 1;
          await state.known;
          return { stream: { preview: state.preview } };
        },
      },
    };
    const previews: Previews = {
      async assertAble() {},
      watch(_id, watcher) {
        if (state.watchers.size >= state.most) throw new MienError('TOO_MANY_REQUESTS', 'Too many look.');
        state.watchers.add(watcher);
        return () => void state.watchers.delete(watcher);
      },
    };
    const createContext = () => ({ prisma, previews, audit }) as never;
    const handle = createPreviewEndpoint({ createContext, log, watchMs });
    return (request, response, path) => handle(request, response, path, REQUESTER);
  });
  return endpoint;
}

test('a session that ends while its stream is found to allow it no more ends the answer once, and nothing else', async () => {
  const state = sessions();
  const { url, errors } = await openPreview(state, 1);
  const answer = await fetch(`${url}/preview/${ID}`);
  const [watcher] = state.watchers;
  watcher!.end();
  watcher!.end();
  await setImmediate();
  expect(errors).toEqual([]);
  expect((await answer.text()).match(/--mien-picture--/g)).toHaveLength(1);
});

test('who may look no more, and does not read the end, is neither looked after nor counted any longer', async () => {
  const state = sessions();
  const { ask, asked, errors } = await openPreview(state, 1);
  const coming = asked();
  const reader = ask(`/preview/${ID}`).pause();
  const { response, done } = await coming;
  await done;
  const [watcher] = state.watchers;
  // More than the sockets hold: the end stays behind it.
  watcher!.show({ seq: 1, mediaTime: 0, jpeg: Buffer.alloc(16 << 20) });
  state.preview = false;
  await vi.waitUntil(() => response.writableEnded);
  expect([state.watchers.size, response.writableFinished]).toEqual([0, false]);
  const { looks } = state;
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  expect([state.looks, errors]).toEqual([looks, []]);
  reader.destroy();
});

test('who has left before it was known whether they may look is not watched for, nor in the audit', async () => {
  const state = sessions();
  let tell = () => {};
  state.known = new Promise((resolve) => {
    tell = resolve;
  });
  const { ask, asked, audited } = await openPreview(state);
  const coming = asked();
  const socket = ask(`/preview/${ID}`);
  const { response, done } = await coming;
  socket.destroy();
  await once(response, 'close');
  tell();
  await done;
  expect([state.watchers.size, audited]).toEqual([0, []]);
});

test('a look that is refused is not in the audit as one that was shown, and the next one is', async () => {
  const state = { ...sessions(), most: 0 };
  const { url, audited } = await openPreview(state);
  const refused = await fetch(`${url}/preview/${ID}`);
  expect([refused.status, refused.headers.get('retry-after'), audited]).toEqual([429, '5', []]);
  state.most = 1;
  const shown = await fetch(`${url}/preview/${ID}`);
  expect([shown.status, audited.map(({ outcome }) => outcome)]).toEqual([200, ['OK']]);
  await shown.body!.cancel();
});
