/** How the port is closed: whoever is there is told, and answers under way may end. */
import type { Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { GraphQLError } from 'graphql';

/** How long answers under way may take after closing has begun. */
const LAST_ANSWERS_MS = 3_000;

interface Open {
  fanout: { close(reason: GraphQLError): void };
  webSockets: { close(reason: string): Promise<void> };
  push: { close(reason: string): Promise<void> };
}

/** @param closeIdle closes the connections on which nothing is under way */
export async function shutDown(
  server: Server,
  closeIdle: () => void,
  { fanout, webSockets, push }: Open,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  fanout.close(
    new GraphQLError('mien is shutting down; connect again in a moment, with `after`.', {
      extensions: { code: 'SHUTTING_DOWN' },
    }),
  );
  await setImmediate(); // the last words of subscriptions go out before their sockets close
  await Promise.all([webSockets, push].map((sockets) => sockets.close('mien is shutting down')));
  closeIdle();
  const closeLeft = setInterval(closeIdle, 50);
  const closeAll = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS);
  await closed;
  clearInterval(closeLeft);
  clearTimeout(closeAll);
}
