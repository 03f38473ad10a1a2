/** How a WebSocket ends: with a code that its client can act on, and a reason that fits. */
import type { WebSocket } from 'ws';
import type { MienError } from '../../errors.ts';

const GOING_AWAY = 1001;
export const INTERNAL = 4500;
const TRY_AGAIN_LATER = 1013;
/** Of those that are told why they are not let in; graphql-ws knows them, and does not try these again. */
const CLOSE_CODES: Partial<Record<string, number>> = {
  UNAUTHENTICATED: 4401,
  FORBIDDEN: 4403,
  TOO_MANY_REQUESTS: 4429,
  STORE_UNAVAILABLE: TRY_AGAIN_LATER,
  ISSUER_UNAVAILABLE: TRY_AGAIN_LATER,
};

export function refuseSocket(socket: WebSocket, { code, message }: MienError): void {
  closeOrTerminate(socket, CLOSE_CODES[code] ?? INTERNAL, REASONS[code] ?? message);
}

/** Who does not close in turn is not waited for: nothing of what was let in goes on. */
export function closeOrTerminate(socket: WebSocket, code: number, reason: string): void {
  // One that was told to wait would not hear the answer.
  socket.resume();
  socket.close(code, cutReason(reason));
  const late = setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(late));
}

/** What graphql-ws calls these. */
const REASONS: Partial<Record<string, string>> = {
  UNAUTHENTICATED: 'Unauthenticated',
  FORBIDDEN: 'Forbidden',
};

/** A closing frame holds 125 bytes, two of which are its code. */
const MAX_REASON = 123;

/** As much of a reason as fits, in whole characters. */
export function cutReason(reason = ''): string {
  const bytes = Buffer.from(reason).subarray(0, MAX_REASON);
  return new TextDecoder().decode(bytes, { stream: true }); // which keeps back a character that was cut
}

const CLOSE_TIMEOUT_MS = 1_000;

export function closeSocket(client: WebSocket, reason: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.terminate(), CLOSE_TIMEOUT_MS);
    client.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    client.close(GOING_AWAY, reason);
  });
}
