/** One request to a receiver's address: no redirects, and an end to waiting. */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connectionErrorOf } from '../../domain/connection-error.ts';
import { type Address, type AllowedHosts, lookupOf } from '../allowed-hosts.ts';
import { DeliveryError } from '../sender.ts';

export interface PostOptions {
  url: URL;
  body: string;
  headers: Record<string, string>;
  reach: AllowedHosts;
  signal: AbortSignal;
  /** For all of it. */
  milliseconds: number;
}

export interface PostAnswer {
  status: number;
  /** Its beginning. */
  text: string;
  location: string | undefined;
  retryAfter: string | undefined;
}

/** Bytes of an answer that are read, and milliseconds for which they are. */
const MAX_ANSWER = 4096;
const ANSWER_MS = 1_000;

/** @throws DeliveryError where no answer comes */
export async function post({ reach, milliseconds, ...options }: PostOptions): Promise<PostAnswer> {
  const { url, signal } = options;
  const timeout = AbortSignal.timeout(milliseconds);
  const either = AbortSignal.any([signal, timeout]);
  try {
    const addresses = await reach.resolve(url.hostname, either);
    const message = await send({ ...options, signal: either, addresses });
    const { statusCode: status = 0, headers } = message;
    const text = await beginningOf(message);
    return { status, text, location: headers.location, retryAfter: headers['retry-after'] };
  } catch (error) {
    if (error instanceof DeliveryError) throw error;
    if (timeout.aborted)
      throw new DeliveryError(
        `${url.host} did not answer within ${milliseconds / 1000} s; check that it is well.`,
        'AGAIN',
      );
    const why = connectionErrorOf(error as NodeJS.ErrnoException, {
      what: 'the receiver',
      protocol: url.protocol === 'https:' ? 'HTTPS' : 'HTTP',
    });
    throw new DeliveryError(`${url.host} ${why}.`, 'AGAIN');
  }
}

interface SendOptions extends Omit<PostOptions, 'milliseconds' | 'reach'> {
  addresses: readonly Address[];
}

function send({ url, body, headers, addresses, signal }: SendOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request: typeof requestHttp = url.protocol === 'https:' ? requestHttps : requestHttp;
    const sent: ClientRequest = request(url, {
      ...{ method: 'POST', lookup: lookupOf(addresses), agent: false, signal },
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    });
    sent.once('response', resolve).once('error', reject);
    sent.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('it offers another protocol'));
    });
    sent.end(body);
  });
}

/** The rest is not waited for, nor does it matter what becomes of it: the status has said it. */
async function beginningOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const late = setTimeout(() => message.destroy(), ANSWER_MS);
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_ANSWER) break;
    }
  } catch {
    // It broke off, or took too long: what came of it is its beginning.
  } finally {
    clearTimeout(late);
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString('utf8');
}
