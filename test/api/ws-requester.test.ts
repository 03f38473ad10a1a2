/** Who asks over a WebSocket, when their token ends at an awkward moment. */
import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { Subscriber } from '../../src/api/fanout/subscriber.ts';
import { WsRequester } from '../../src/api/transports/ws-requester.ts';
import type { Requester } from '../../src/domain/access.ts';
import { MienError } from '../../src/errors.ts';
import { ANYBODY } from '../helpers/access.ts';

const OVER = new MienError('UNAUTHENTICATED', 'revoked');

function open(identifySocket: () => Promise<Requester> = async () => ANYBODY) {
  const closed: MienError[] = [];
  let end = (_reason: MienError) => {};
  let held = 0;
  const requester = new WsRequester({
    auth: {
      identifySocket,
      hold(_requester, onEnd) {
        held += 1;
        end = onEnd;
        return () => {
          held -= 1;
        };
      },
    },
    maskError: (error) => new GraphQLError((error as Error).message),
    upgrade: {} as IncomingMessage,
    close: (reason) => closed.push(reason),
  });
  return { requester, closed, end: () => end(OVER), held: () => held };
}

/** What a subscriber's socket is told at its end; undefined: nothing yet. */
function told(subscriber: Subscriber): () => unknown {
  let failure: unknown;
  subscriber.attach({
    full: true,
    write: () => {},
    end: (reason) => {
      failure = reason;
    },
  });
  return () => failure;
}

test('nobody asks before they are let in', () => {
  expect(() => open().requester.get()).toThrow('connection_init');
});

test('once a token has ended nothing more is answered, though the socket is still closing', async () => {
  const { requester, closed, end } = open();
  await requester.init(undefined);
  expect(requester.get()).toBe(ANYBODY);
  end();
  expect(() => requester.get()).toThrow(OVER);
  await expect.poll(() => closed).toEqual([OVER]);
});

test('a subscription that was being opened when its token ended ends at once', async () => {
  const { requester, end } = open();
  await requester.init(undefined);
  const [before, after] = [new Subscriber({}), new Subscriber({})];
  const [toldBefore, toldAfter] = [told(before), told(after)];
  requester.carry(before);
  end();
  requester.carry(after);
  for (const tell of [toldBefore, toldAfter]) expect(tell()).toMatchObject({ message: 'revoked' });
});

test('a socket that closed while it was asked who it is holds nothing', async () => {
  let letIn = (_requester: Requester) => {};
  const { requester, held } = open(
    () =>
      new Promise((resolve) => {
        letIn = resolve;
      }),
  );
  const init = requester.init(undefined);
  requester.leave();
  letIn(ANYBODY);
  await expect(init).rejects.toThrow('closed');
  expect(held()).toBe(0);
});

test('a socket that closes is held no longer', async () => {
  const { requester, held } = open();
  await requester.init(undefined);
  expect(held()).toBe(1);
  requester.leave();
  expect(held()).toBe(0);
});
