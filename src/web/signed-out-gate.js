/** Whether this page may ask its server: not while it signs out, nor once it is signed out, when each answer would only say so again. */
import { MienError } from './client.js';

const SIGNED_OUT = { message: 'You are signed out.', extensions: { code: 'UNAUTHENTICATED' } };

/** @param {() => void} onSignedOut told once */
export function createGate(onSignedOut) {
  let isSignedOut = false;
  let isRefused = false;
  /** While it is held: resolves once it is not. @type {Promise<void> | null} */
  let held = null;
  const settle = () => {
    if (held !== null || isSignedOut || !isRefused) return;
    isSignedOut = true;
    onSignedOut();
  };
  return {
    /** Waits until the server may be asked. @throws {MienError} never again @returns {Promise<undefined>} */
    async pass() {
      while (held !== null) await held;
      if (isSignedOut) throw new MienError(SIGNED_OUT);
    },
    /** The server does not know who asks. */
    refuse() {
      isRefused = true;
      settle();
    },
    /** Nobody passes until the work has ended. @param {() => Promise<void>} work */
    async holdFor(work) {
      let release = () => {};
      held = new Promise((resolve) => {
        release = resolve;
      });
      try {
        await work();
      } finally {
        held = null;
        settle();
        release();
      }
    },
  };
}
