/** Open Sound Control over UDP, for TouchDesigner, Max and Unity: datagrams, of which nobody says whether they were heard. */
import { createSocket, type Socket } from 'node:dgram';
import { type OscMessageInput, toBuffer } from 'osc-min';
import type { OscTarget } from '../../domain/output.ts';
import { unlessAborted } from '../../threads/unless-aborted.ts';
import type { Address, AllowedHosts } from '../allowed-hosts.ts';
import { DeliveryError, type Sender } from '../sender.ts';
import { FaceSlots } from './face-slots.ts';
import { oscMessages } from './osc-messages.ts';

/** Bytes of a datagram that goes through any network in one piece. */
const MOST_BYTES = 1400;
/** Milliseconds for which the address of a host is taken as it is; and for which one that is not known is not asked again. */
const KNOWN_MS = 30_000;
const UNKNOWN_MS = 2_000;
/** Streams whose faces are remembered. */
const STREAMS = 1000;

export function createOscSender(
  { host, port, prefix }: OscTarget,
  { reach }: { reach: AllowedHosts },
): Sender {
  const ended = new AbortController();
  const find = remembered(() => reach.resolve(host, ended.signal));
  const slots = new Map<string, FaceSlots>();
  const sockets = openSockets(ended.signal);
  const send = async (messages: readonly OscMessageInput[]): Promise<number> => {
    const to = preferred(await find());
    // It may have been closed while the host was looked up.
    ended.signal.throwIfAborted();
    const datagrams = bundles(messages);
    for (const datagram of datagrams) await sendOne(sockets.of(to), datagram, { ...to, port, host });
    return datagrams.reduce((sum, { byteLength }) => sum + byteLength, 0);
  };
  return {
    // What was not sent is past.
    patience: { tries: 1, milliseconds: 0 },
    async send(message, { signal }) {
      const { id } = message.stream;
      if (slots.size >= STREAMS) slots.clear();
      const ofStream = slots.get(id) ?? new FaceSlots();
      slots.set(id, ofStream);
      await unlessAborted(signal, () => send(oscMessages(prefix, message, ofStream)));
    },
    async trial() {
      try {
        const bytes = await send([{ address: `${prefix}/test`, args: ['mien'] }]);
        const message = `${bytes} bytes were sent to ${host}, port ${port}, as ${prefix}/test. Nobody says over UDP whether they were heard: look there.`;
        return { ok: true, message, status: null, answer: null };
      } catch (error) {
        return { ok: false, message: (error as Error).message, status: null, answer: null };
      }
    },
    async close() {
      ended.abort();
    },
  };
}

/** Programs that listen for OSC seldom do so on IPv6. */
function preferred(addresses: readonly Address[]): Address {
  return addresses.find(({ family }) => family === 4) ?? addresses[0]!;
}

/** One socket for each family of addresses, opened when it is needed: what a name stands for may change. */
function openSockets(ended: AbortSignal): { of(address: Address): Socket } {
  const sockets = new Map<number, Socket>();
  return {
    of({ family }) {
      const socket = sockets.get(family) ?? openSocket(family === 6 ? 'udp6' : 'udp4', ended);
      sockets.set(family, socket);
      return socket;
    },
  };
}

/** Those that fit go together. */
function bundles(messages: readonly OscMessageInput[]): Uint8Array[] {
  const made: OscMessageInput[][] = [[]];
  let bytes = 0;
  for (const message of messages) {
    const size = toBuffer(message).byteLength + 4;
    if (bytes + size > MOST_BYTES && made.at(-1)!.length > 0) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1)!.push(message);
    bytes += size;
  }
  return made.map((elements) => {
    const view = toBuffer(elements.length === 1 ? elements[0]! : { timetag: NOW, elements });
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  });
}

/** OSC's own word for “at once”. */
const NOW: [number, number] = [0, 1];

function openSocket(type: 'udp4' | 'udp6', signal: AbortSignal): Socket {
  const socket = createSocket({ type, signal });
  // Of a datagram that nobody took; each send has its own answer.
  socket.on('error', () => {});
  socket.unref();
  return socket;
}

function sendOne(
  socket: Socket,
  datagram: Uint8Array,
  { address, port, host }: Pick<Address, 'address'> & { port: number; host: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(datagram, port, address, (error) => {
      if (error === null) resolve();
      else
        reject(
          new DeliveryError(
            `Nothing can be sent to ${host}, port ${port} (${(error as NodeJS.ErrnoException).code}); check the network.`,
            'LOST',
          ),
        );
    });
  });
}

/** @returns the same for some time, also where it failed */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let known: { answer: Promise<T>; until: number } | null = null;
  return () => {
    if (known !== null && performance.now() < known.until) return known.answer;
    const made = { answer: ask(), until: performance.now() + KNOWN_MS };
    known = made;
    made.answer.catch(() => {
      made.until = performance.now() + UNKNOWN_MS;
    });
    return made.answer;
  };
}
