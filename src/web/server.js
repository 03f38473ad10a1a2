/** The server that this page came from, by the client that any program would use. */
import { createMien, eventStream, webSocket, withFallback } from './client.js';
import { showFallback } from './page/connection-line.js';

/** Heard on the window when the server does not know any more who this is. */
export const SIGNED_OUT = 'mien:signed-out';

/** All that the page follows comes over one WebSocket: browsers open six connections to a server for all of their windows together. */
const transport = withFallback(webSocket(), eventStream(), {
  onFallback: (reason) => showFallback(reason !== null),
});

export const mien = createMien({
  transport,
  onUnauthenticated: () => dispatchEvent(new Event(SIGNED_OUT)),
});
