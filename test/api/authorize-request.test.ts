/** Who is let in is watched for as long as their request lasts: not when it is over before it is known who they are. */
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import type { Auth } from '../../src/api/auth/auth.ts';
import { authorizeExport, authorizeUpload } from '../../src/api/http/authorize-request.ts';
import { type OpenEndpoint, openEndpoint, REQUESTER } from './endpoint.ts';

let endpoint: OpenEndpoint;
afterEach(() => endpoint.close());

test.each([
  ['an export', authorizeExport],
  ['an upload', authorizeUpload],
])('who asks for %s is held until they leave, be it before they are known', async (_, letIn) => {
  const held = new Set<() => void>();
  let tell = () => {};
  let known: Promise<void> = Promise.resolve();
  const auth: Pick<Auth, 'identify' | 'hold'> = {
    identify: () => known.then(() => REQUESTER),
    hold(_requester, end) {
      held.add(end as () => void);
      return () => void held.delete(end as () => void);
    },
  };
  endpoint = await openEndpoint(
    () => async (request, response) => void (await letIn(request, response, auth as Auth)),
  );
  const ask = async () => {
    const coming = endpoint.asked();
    const socket = endpoint.ask('/');
    return { socket, ...(await coming) };
  };
  const stays = await ask();
  await stays.done;
  expect(held.size).toBe(1);
  stays.socket.destroy();
  await once(stays.response, 'close');
  expect(held.size).toBe(0);
  known = new Promise((resolve) => {
    tell = resolve;
  });
  const leaves = await ask();
  leaves.socket.destroy();
  await once(leaves.response, 'close');
  tell();
  await leaves.done;
  expect(held.size).toBe(0);
});
