/** Who is let in to what is no GraphQL: uploads, exports, and what watches the server. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import ipaddr from 'ipaddr.js';
import type { Requester } from '../../domain/access.ts';
import { MienError } from '../../errors.ts';
import type { Refusal } from '../admission/refusal.ts';
import type { Auth } from '../auth/auth.ts';
import { isPassedOn } from '../auth/proxied-address.ts';
import { answerJson, errorBody } from '../errors/answer-json.ts';

/**
 * An upload that is under way ends when what let it in is revoked or expires.
 * @returns who uploads; null: a browser that asks what it may, without what shows who asks
 * @throws MienError UNAUTHENTICATED, FORBIDDEN, TOO_MANY_REQUESTS, STORE_UNAVAILABLE
 */
export async function authorizeUpload(
  request: IncomingMessage,
  response: ServerResponse,
  auth: Auth,
): Promise<Requester | null> {
  if (request.method === 'OPTIONS') return null;
  const requester = await auth.identify(request, 'OPERATOR');
  holdWhileOpen(request, response, requester, auth);
  return requester;
}

/** An export that is under way ends as an upload does. @throws MienError as `authorizeUpload` does */
export async function authorizeExport(
  request: IncomingMessage,
  response: ServerResponse,
  auth: Auth,
): Promise<Requester> {
  const requester = await auth.identify(request, 'VIEWER');
  holdWhileOpen(request, response, requester, auth);
  return requester;
}

function holdWhileOpen(
  request: IncomingMessage,
  response: ServerResponse,
  requester: Requester,
  auth: Auth,
): void {
  // Who asks may have left before it was known who they are.
  if (response.destroyed) return;
  const release = auth.hold(requester, () => request.destroy());
  response.once('close', release);
}

/**
 * Programs on this machine need not show who they are, unless they pass on what others ask.
 * @throws MienError as `authorizeUpload` does
 */
export async function authorizeProbe(request: IncomingMessage, auth: Auth): Promise<void> {
  if (auth.remote.isFromHere(request)) return;
  await auth.identify(request, 'VIEWER');
}

/** As `authorizeProbe`; whoever is shown some streams only is not shown what all of them add up to. @throws MienError */
export async function authorizeMetrics(request: IncomingMessage, auth: Auth): Promise<void> {
  if (auth.remote.isFromHere(request)) return;
  await auth.identify(request, 'VIEWER', ({ streams }) =>
    streams === null ? null : 'Metrics tell of all streams, and this token is for some of them.',
  );
}

/**
 * What shows a command that it has found the server whose secret it knows, before it tells that secret: another program may
 * have the port by now. Only to this machine, and not passed on: else a program that a command took for the server could ask here.
 * @param proofOf what a command's challenge is answered with
 * @throws MienError NOT_FOUND to all others
 */
export function proveToCommand(request: IncomingMessage, proofOf: (challenge: string) => string): string {
  const { [CHALLENGE]: challenge } = request.headers;
  if (typeof challenge === 'string' && challenge.length <= MAX_CHALLENGE && isFromThisMachine(request))
    return proofOf(challenge);
  throw new MienError('NOT_FOUND', 'Nothing is at /command.');
}

const CHALLENGE = 'x-mien-challenge';
const MAX_CHALLENGE = 100;

/** Where the server listens on one address of a network, its machine comes from that one. */
function isFromThisMachine(request: IncomingMessage): boolean {
  const { remoteAddress = '', localAddress } = request.socket;
  if (!ipaddr.isValid(remoteAddress) || isPassedOn(request)) return false;
  return remoteAddress === localAddress || ipaddr.process(remoteAddress).range() === 'loopback';
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  answerJson(response, refusal.status, errorBody(refusal), refusal.headers);
}

/** The same to who may still be sending: the answer is read only if we go on listening for a while. */
export function refuseSender(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  refuse(response, refusal);
  if (request.complete) return;
  request.resume();
  const patience = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('close', () => clearTimeout(patience));
}

const LINGER_MS = 2_000;
