/** The server that this page came from, by the client that any program would use. */
import { createMien, eventStream, webSocket, withFallback } from './client.js';
import { showFallback } from './page/connection-line.js';
import { createGate } from './signed-out-gate.js';

/** @import { Transport } from './client.js' */

/** Heard on the window when the server does not know any more who this is: nothing more is asked of it then. */
export const SIGNED_OUT = 'mien:signed-out';

const gate = createGate(() => dispatchEvent(new Event(SIGNED_OUT)));
/** Before each request that does not go by the client; as `createGate` tells. */
export const mayAsk = gate.pass;
/** Nothing is asked until it has failed. */
export const withoutAsking = gate.holdFor;

/** All that the page follows comes over one WebSocket: browsers open six connections to a server for all of their windows together. */
const ways = withFallback(webSocket(), eventStream(), {
  onFallback: (reason) => showFallback(reason !== null),
});
/** @type {Transport} */
const transport = {
  async *subscribe(...what) {
    await gate.pass();
    try {
      yield* ways.subscribe(...what);
    } catch (problem) {
      // What signing out ends is told only where that fails.
      await gate.pass();
      throw problem;
    }
  },
};

export const mien = createMien({ transport, token: gate.pass, onUnauthenticated: gate.refuse });
