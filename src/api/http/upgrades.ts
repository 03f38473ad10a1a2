/** Requests that offer another protocol: WebSockets are opened, and all others answered as if they had offered nothing. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Refusal, rawAnswer } from '../admission/refusal.ts';
import { asksForWebSocket, createAnswerWithoutUpgrade, offerRefusal } from './other-upgrades.ts';

export interface Upgrades {
  /** Why a WebSocket is refused, or null. */
  refusalOf(request: IncomingMessage): Refusal | null;
  open(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  onRefused(code: string): void;
}

/** To be called on a server that nobody has listened to yet. */
export function answerUpgrades(server: Server, { refusalOf, open, onRefused }: Upgrades): void {
  const answerWithoutUpgrade = createAnswerWithoutUpgrade(server);
  server.on('upgrade', (request, socket, head) => {
    // Once, however many requests of a connection offer something.
    socket.off('error', destroyed).on('error', destroyed);
    const isWebSocket = asksForWebSocket(request);
    const refusal = isWebSocket ? refusalOf(request) : offerRefusal(request);
    if (refusal !== null) {
      onRefused(refusal.code);
      socket.end(rawAnswer(refusal, STATUS_CODES[refusal.status] ?? ''));
    } else (isWebSocket ? open : answerWithoutUpgrade)(request, socket, head);
  });
}

function destroyed(this: Duplex): void {
  this.destroy();
}
