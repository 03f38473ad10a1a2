/** The server that this page came from, by the client that any program would use. */
import { createMien } from './client.js';

/** Heard on the window when the server does not know any more who this is. */
export const SIGNED_OUT = 'mien:signed-out';

export const mien = createMien({ onUnauthenticated: () => dispatchEvent(new Event(SIGNED_OUT)) });
