import { lookup as systemLookup } from 'node:dns/promises';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { connectionErrorOf } from '../../domain/connection-error.ts';
import { withoutBrackets } from '../../domain/ipv6-brackets.ts';
import { isPublicAddress } from '../../domain/public-address.ts';
import { MienError } from '../../errors.ts';

export type LookupAll = (host: string) => Promise<{ address: string; family: number }[]>;

export interface SafeConnectorOptions {
  allowPrivate: boolean | readonly string[];
  connectSeconds: number;
  lookup?: LookupAll | undefined;
}

/** Connects to addresses that sources may reach, and to no others. */
export interface SafeConnector {
  readonly connectSeconds: number;
  /** Resolves the host and checks all its addresses, without connecting. Throws as `connect` does. */
  check(host: string): Promise<void>;
  /** Resolves the host, checks all its addresses and connects to one of them. Throws SOURCE_REFUSED or SOURCE_UNREACHABLE. */
  connect(host: string, port: number, options?: { tls?: boolean }): Promise<Socket>;
}

export function createSafeConnector({
  allowPrivate,
  connectSeconds,
  lookup = resolveAll,
}: SafeConnectorOptions): SafeConnector {
  const allowed = addressFilter(allowPrivate);
  const resolve = async (host: string) => {
    const addresses = await addressesOf(host, lookup);
    if (addresses.every(({ address }) => allowed(address))) return addresses;
    throw privateAddressError(host);
  };
  const verify = allowPrivate === false;
  return {
    connectSeconds,
    async check(host) {
      await resolve(withoutBrackets(host));
    },
    async connect(host, port, { tls = false } = {}) {
      const addresses = await resolve(withoutBrackets(host));
      return connectTo({ host: withoutBrackets(host), port, addresses, tls, verify, connectSeconds });
    },
  };
}

/** Connects to the one server that whoever runs mien has named, also at a private address, and to nothing else. */
export function createConnectorTo(
  server: URL,
  { connectSeconds, lookup = resolveAll }: Pick<SafeConnectorOptions, 'connectSeconds' | 'lookup'>,
): SafeConnector {
  const isTls = server.protocol === 'https:';
  const ours = { host: withoutBrackets(server.hostname), port: Number(server.port) || (isTls ? 443 : 80) };
  const assertOurs = (host: string) => {
    if (host !== ours.host) throw elsewhereError(host, ours.host);
  };
  return {
    connectSeconds,
    async check(host) {
      assertOurs(withoutBrackets(host));
    },
    async connect(host, port, { tls = false } = {}) {
      assertOurs(withoutBrackets(host));
      if (port !== ours.port || tls !== isTls) throw elsewhereError(`${host}:${port}`, ours.host);
      const addresses = await addressesOf(ours.host, lookup);
      return connectTo({ ...ours, addresses, tls, verify: true, connectSeconds });
    },
  };
}

function elsewhereError(asked: string, ours: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `The storage of uploads at ${ours} sends on to ${asked}, where mien does not follow; correct AWS_REGION and AWS_ENDPOINT_URL.`,
  );
}

function addressFilter(allow: boolean | readonly string[]): (address: string) => boolean {
  if (allow === true) return () => true;
  const ranges = allow === false ? [] : allow.map((range) => ipaddr.parseCIDR(range));
  return (address) => isPublicAddress(address) || ranges.some((range) => isInRange(address, range));
}

function isInRange(address: string, range: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  const parsed = ipaddr.process(address);
  return parsed.kind() === range[0].kind() && parsed.match(range);
}

async function addressesOf(host: string, lookup: LookupAll) {
  if (isIP(host)) return [{ address: host, family: isIP(host) }];
  const found = await lookup(host).catch(() => []);
  if (found.length > 0) return found;
  throw new MienError('SOURCE_UNREACHABLE', `No address is known for the host ${host}; check its name.`);
}

const resolveAll: LookupAll = (host) => systemLookup(host, { all: true });

function privateAddressError(host: string): MienError {
  return new MienError(
    'SOURCE_REFUSED',
    `${host} is a private, loopback or link-local address, which sources may not reach; ` +
      'set MIEN_ALLOW_PRIVATE_SOURCES to allow it.',
  );
}

interface ConnectTarget {
  host: string;
  port: number;
  addresses: { address: string; family: number }[];
  tls: boolean;
  verify: boolean;
  connectSeconds: number;
}

function connectTo({ host, port, addresses, tls, verify, connectSeconds }: ConnectTarget): Promise<Socket> {
  // The host is not resolved a second time: its answer could be another one than was checked.
  const lookup: LookupFunction = (_host, options, done) => {
    if (options.all) done(null, addresses);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
  const destination = { host, port, autoSelectFamily: true, lookup };
  // Cameras at home sign their own certificates; a server on the public internet must be who it says.
  const servername = isIP(host) ? {} : { servername: host };
  const socket = tls
    ? connectTls({ ...destination, ...servername, rejectUnauthorized: verify })
    : connect(destination);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      socket.destroy();
      reject(new MienError('SOURCE_UNREACHABLE', `${host}, port ${port}, ${why}.`));
    };
    const timer = setTimeout(
      () =>
        fail(`did not answer within ${connectSeconds} s; check that it is up and can be reached from here`),
      connectSeconds * 1000,
    );
    socket.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(
        connectionErrorOf(error, {
          what: 'the server',
          protocol: tls ? 'TLS' : 'the protocol of its address',
        }),
      );
    });
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}
