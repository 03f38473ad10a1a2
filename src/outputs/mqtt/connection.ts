/** One connection to a broker, by MQTT 5. It is not opened again: its owner opens another. */
import { setMaxListeners } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { IClientOptions, MqttClient } from 'mqtt';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import type { MqttTarget } from '../../domain/output.ts';
import { settledWithin } from '../../threads/settled-within.ts';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import { type Address, type AllowedHosts, lookupOf } from '../allowed-hosts.ts';
import { DeliveryError } from '../sender.ts';
import { sentenceOf, UnwantedError } from './broker-error.ts';
import { createSemaphore, type Semaphore } from './semaphore.ts';
import type { Publication } from './topics.ts';

export interface ConnectOptions {
  reach: AllowedHosts;
  clientId: string;
  /** What the broker tells on our behalf when we are gone. */
  will?: Publication;
  signal: AbortSignal;
  /** For connecting, and for each publication. */
  milliseconds: number;
}

export interface Connection {
  /**
   * Resolves once the broker has it; of QoS 0 once it is on its way. Of many some are under way, the others wait for their turn.
   * @throws DeliveryError; the signal's reason where it has aborted before its turn
   */
  publish(publication: Publication, signal?: AbortSignal): Promise<void>;
  /** Resolves when the connection is over, with why. */
  closed: Promise<string>;
  /** Says goodbye, for a moment at most: the will is not told. Afterwards it is over, whatever the broker does. */
  end(): Promise<void>;
  /** It is over at once. */
  destroy(): void;
}

/** Nothing is subscribed to: a broker has little to say. */
const MOST_BYTES = 64 * 1024;
const GOODBYE_MS = 1_000;
/** Of a publication, besides topic and payload, at most. */
const HEADER_BYTES = 10;
/** Publications that are under way at once, where the broker allows so many. */
const AT_ONCE = 16;

/** @throws DeliveryError */
export async function connectMqtt(target: MqttTarget, options: ConnectOptions): Promise<Connection> {
  const { reach, signal, milliseconds } = options;
  const { hostname, host } = new URL(target.url);
  const either = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]);
  const late = new DeliveryError(
    `${host} did not answer within ${milliseconds / 1000} s; check that a broker is there.`,
    'AGAIN',
  );
  const addresses = await reach.resolve(hostname, either).catch((error) => {
    throw either.aborted ? late : error;
  });
  const { MqttClient: Client } = await import('mqtt');
  const socket = openSocket(target, addresses);
  const bytes = limitBytes(socket);
  const client = new Client(() => socket, clientOptions(target, options));
  client.on('packetreceive', bytes.reset);
  const semaphore = createSemaphore(AT_ONCE);
  const limits = { packet: Number.POSITIVE_INFINITY };
  const connection = connectionOf({ client, socket, host, milliseconds, semaphore, limits });
  const connected = new Promise<null>((resolve) =>
    client.once('connect', ({ properties }) => {
      semaphore.limit(properties?.receiveMaximum ?? AT_ONCE);
      limits.packet = properties?.maximumPacketSize ?? limits.packet;
      resolve(null);
    }),
  );
  try {
    const why = await unlessAborted(either, () => Promise.race([connected, connection.closed]));
    if (why !== null) throw new DeliveryError(why, 'AGAIN');
    return connection;
  } catch (error) {
    connection.destroy();
    throw either.aborted ? late : error;
  }
}

function openSocket({ url }: MqttTarget, addresses: readonly Address[]): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = withoutBrackets(hostname);
  const lookup = lookupOf(addresses);
  if (protocol === 'mqtt:') return connectTcp({ host, port: Number(port || 1883), lookup });
  // The name that TLS is told must not be an address (RFC 6066).
  const servername = isIP(host) ? {} : { servername: host };
  return connectTls({ host, port: Number(port || 8883), ...servername, lookup });
}

/** Ends the connection where a packet is longer than any should be, before all of it is held. */
function limitBytes(socket: Socket): { reset(): void } {
  let bytes = 0;
  socket.on('data', ({ length }) => {
    bytes += length;
    if (bytes > MOST_BYTES) socket.destroy(new UnwantedError('sends more than a broker has to say'));
  });
  return {
    reset() {
      bytes = 0;
    },
  };
}

function clientOptions(
  { username, password }: MqttTarget,
  { clientId, will, milliseconds }: ConnectOptions,
): IClientOptions {
  return {
    ...{ protocolVersion: 5, clientId, clean: true, keepalive: 30 },
    properties: { maximumPacketSize: MOST_BYTES },
    // Much later than what we wait for ourselves, which says more: where the event loop stood still, both would be over at once.
    connectTimeout: 60 * milliseconds,
    // Another connection is a new client: nothing of this one waits on.
    ...{ reconnectPeriod: 0, queueQoSZero: false, resubscribe: false, timerVariant: 'native' },
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    ...(will && {
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain },
    }),
  };
}

interface Parts {
  client: MqttClient;
  socket: Socket;
  host: string;
  milliseconds: number;
  semaphore: Semaphore;
  /** Bytes of a packet that the broker takes. */
  limits: { packet: number };
}

function connectionOf(parts: Parts): Connection {
  const { client, socket, semaphore } = parts;
  const over = new AbortController();
  setMaxListeners(2 * AT_ONCE, over.signal);
  const closed = closedOf(parts);
  void closed.then((why) => over.abort(new DeliveryError(why, 'AGAIN')));
  const destroy = () => {
    client.end(true);
    // A client that is saying goodbye does not hear that it should hurry.
    socket.destroy();
  };
  return {
    closed,
    publish: (publication, signal) =>
      semaphore.run(async () => {
        signal?.throwIfAborted();
        await publish(publication, parts, over.signal);
      }),
    async end() {
      await settledWithin(client.endAsync(false), GOODBYE_MS);
      destroy();
    },
    destroy,
  };
}

function closedOf({ client, socket, host }: Parts): Promise<string> {
  return new Promise((resolve) => {
    const fail = (error: Error) => resolve(sentenceOf(host, error));
    // The client keeps silent about errors without a code.
    socket.on('error', fail);
    client.on('error', fail);
    client.on('disconnect', ({ reasonCode }) =>
      resolve(`${host} ended the connection (reason ${reasonCode ?? 0}).`),
    );
    client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'publish') socket.destroy(new UnwantedError('sends what nobody subscribed to'));
    });
    client.on('close', () => resolve(`${host} closed the connection; check that a broker is there.`));
  });
}

async function publish(
  { topic, payload, qos, retain }: Publication,
  { client, socket, host, milliseconds, limits }: Parts,
  over: AbortSignal,
): Promise<void> {
  over.throwIfAborted();
  const bytes = Buffer.byteLength(topic) + Buffer.byteLength(payload) + HEADER_BYTES;
  // It would end the connection instead.
  if (bytes > limits.packet)
    throw new DeliveryError(
      `${host} takes packets of ${limits.packet} bytes at most, and a message on ${topic} needs ${bytes}; have it take larger ones.`,
      'LOST',
    );
  const timer = setTimeout(
    () => socket.destroy(new UnwantedError(`did not take a message within ${milliseconds / 1000} s`)),
    milliseconds,
  );
  try {
    await unlessAborted(over, () => client.publishAsync(topic, payload, { qos, retain }));
  } catch (error) {
    if (over.aborted) throw over.reason;
    const { message, code } = error as Error & { code?: unknown };
    throw new DeliveryError(
      `${host} did not take a message on ${topic} (${message}); check what its user may publish.`,
      // It has a reason, and would give it again.
      typeof code === 'number' ? 'LOST' : 'AGAIN',
    );
  } finally {
    clearTimeout(timer);
  }
}
