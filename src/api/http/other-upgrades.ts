/**
 * Requests that offer another protocol than WebSocket, as `curl --http2` does with `Upgrade: h2c`. A server may ignore the
 * offer and answer as if there were none (RFC 9110, 7.8). Node up to 24 instead takes every such request for an upgrade, off
 * its parser, and is handed it back. Later ones parse the bodies of upgrades themselves, and are told what is none.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Refusal } from '../admission/refusal.ts';

export type AnswerWithoutUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Whether a request asks for a WebSocket, and for nothing else. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/**
 * Options of a server that ask which requests are upgrades, from Node 25 on. A request that comes in one piece with the offer
 * before it is then not heard, as in any server on Node that ignores offers.
 */
export const UPGRADES: object =
  Number.parseInt(process.versions.node, 10) >= 25 ? { shouldUpgradeCallback: asksForWebSocket } : {};

/** Names and values that Node reads; without those behind them a body could be taken for requests. */
const MOST_RAW_HEADERS = 2000;

/** Why a request cannot be answered as if it offered nothing, or null. */
export function offerRefusal({ rawHeaders }: IncomingMessage): Refusal | null {
  return rawHeaders.length < MOST_RAW_HEADERS ? null : TOO_MANY_HEADERS;
}

const TOO_MANY_HEADERS: Refusal = {
  status: 431,
  code: 'TOO_MANY_HEADERS',
  message: `A request that offers another protocol has fewer than ${MOST_RAW_HEADERS / 2} headers.`,
};

/**
 * To be called on a server that nobody has listened to yet.
 * @returns hands a request back to Node without its offer, with the body and all that comes behind it on its connection
 */
export function createAnswerWithoutUpgrade(server: Server): AnswerWithoutUpgrade {
  // Node's own, which parses requests; those that are added later have counted this connection before.
  const [parseRequests] = server.listeners('connection');
  const newest = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => newest.set(request.socket, response));
  return (request, socket, head) => {
    const answerAgain = () => {
      if (socket.destroyed || socket.writableEnded) return;
      socket.unshift(Buffer.concat([headWithoutOffer(request), head]));
      parseRequests!.call(server, socket);
      socket.resume();
    };
    // Answers keep the order of their requests, of which some may have come before this one.
    const before = newest.get(socket);
    if (before === undefined || before.closed) answerAgain();
    else before.once('close', answerAgain);
  };
}

/** What belongs to the offer. */
const OFFERED = new Set(['upgrade', 'http2-settings']);

function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const key = name.toLowerCase();
    const kept = key === 'connection' ? withoutOffer(value) : value;
    if (!OFFERED.has(key)) lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Of `Connection`, all but what names headers of the offer. */
function withoutOffer(connection: string): string {
  const options = connection.split(',').map((option) => option.trim());
  return options.filter((option) => !OFFERED.has(option.toLowerCase())).join(', ');
}
