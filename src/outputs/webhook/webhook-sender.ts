/** Webhooks after Standard Webhooks (https://www.standardwebhooks.com): each request is signed, and has an id of its own. */
import { Webhook } from 'standardwebhooks';
import type { WebhookTarget } from '../../domain/output.ts';
import type { AllowedHosts } from '../allowed-hosts.ts';
import type { OutputMessage } from '../message.ts';
import { examplePayload, type Payload, payloadOf } from '../payload.ts';
import { type Delivery, DeliveryError, newDelivery, type Sender } from '../sender.ts';
import { type PostAnswer, post } from './post.ts';

export interface WebhookOptions {
  reach: AllowedHosts;
  /** For one request. */
  milliseconds?: number | undefined;
  /** By which requests are signed, in milliseconds since the epoch; default: this machine's clock. */
  now?: (() => number) | undefined;
}

const REQUEST_MS = 10_000;
const TRIES = 8;
const PATIENCE_MS = 10 * 60_000;
/** The longest that a receiver may ask for. */
const LONGEST_PAUSE_MS = 60_000;

export function createWebhookSender(
  { url, secret }: WebhookTarget,
  { reach, milliseconds = REQUEST_MS, now = () => Date.now() }: WebhookOptions,
): Sender {
  const signer = new Webhook(secret);
  const send = (payload: Payload, { id, signal }: Delivery): Promise<PostAnswer> => {
    const body = JSON.stringify(payload);
    const at = new Date(now());
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'mien',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signer.sign(id, at, body),
    };
    return post({ url: new URL(url), body, headers, reach, signal, milliseconds });
  };
  return {
    patience: { tries: TRIES, milliseconds: PATIENCE_MS },
    async send(message: OutputMessage, delivery) {
      const answer = await send(payloadOf(message), delivery);
      const error = errorOf(new URL(url).host, answer);
      if (error !== null) throw error;
    },
    async trial(signal) {
      const answer = await send(examplePayload(now()), newDelivery(signal)).catch((error: Error) => error);
      if (answer instanceof Error) return { ok: false, message: answer.message, status: null, answer: null };
      const { status, text } = answer;
      const error = errorOf(new URL(url).host, answer);
      const message = error?.message ?? `It was taken, with the status ${status}.`;
      return { ok: error === null, message, status, answer: printable(text) };
    },
    close: async () => {},
  };
}

/** What an answer means; null: the message was taken. */
function errorOf(host: string, { status, location, retryAfter }: PostAnswer): DeliveryError | null {
  if (status >= 200 && status < 300) return null;
  if (status === 410)
    return new DeliveryError(
      `${host} answered 410: it wants no more messages. Turn the output on again if that was a mistake.`,
      'STOP',
    );
  if (status >= 300 && status < 400)
    return new DeliveryError(
      `${host} redirects${location === undefined ? '' : ` to ${whereTo(location)}`}, which mien does not follow: give the address itself.`,
      'LOST',
    );
  const isForNow = status >= 500 || status === 408 || status === 425 || status === 429;
  const hint = HINTS[status] ?? (isForNow ? 'it is tried again' : 'check the URL and what the receiver says');
  return new DeliveryError(
    `${host} answered ${status}: ${hint}.`,
    isForNow ? 'AGAIN' : 'LOST',
    pauseOf(retryAfter),
  );
}

const HINTS: Record<number, string> = {
  401: 'it does not accept the signature; give the output its secret again',
  403: 'it does not allow this; check the secret',
  404: 'there is nothing at this URL, check it',
  413: 'the message is too large for it',
  429: 'it is asked too often; it is tried again',
};

/** Seconds, or a date. */
function pauseOf(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const milliseconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - Date.now();
  return Math.min(Math.max(milliseconds || 0, 0), LONGEST_PAUSE_MS);
}

/** The origin alone: what comes behind may be a secret. */
function whereTo(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'another path';
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ').slice(0, 500);
}
