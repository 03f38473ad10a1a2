/** Which hosts an output may reach: those of the public internet, and private ones where an admin has named its target. */
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { withoutBrackets } from '../domain/ipv6-brackets.ts';
import { isPublicAddress } from '../domain/public-address.ts';
import { unlessAborted } from '../threads/unless-aborted.ts';
import { DeliveryError } from './sender.ts';

export interface Address {
  address: string;
  family: number;
}

export type ResolveHost = (host: string) => Promise<Address[]>;

export interface AllowedHosts {
  /** Whether nothing speaks against the host: one of which no address is known may come to have one. @returns a sentence, or null */
  refusal(host: string): Promise<string | null>;
  /** All addresses of a host, at least one. @throws DeliveryError; the signal's reason once it aborts */
  resolve(host: string, signal: AbortSignal): Promise<Address[]>;
}

/** Whoever names a host waits no longer for its addresses: it is asked again at each connection. */
const REFUSAL_MS = 5_000;

const resolveAll: ResolveHost = (host) => systemLookup(host, { all: true });

export function createAllowedHosts(
  allowPrivate: boolean,
  resolveHost: ResolveHost = resolveAll,
): AllowedHosts {
  const addressesOf = async (host: string) => {
    const bare = withoutBrackets(host);
    return isIP(bare) ? [{ address: bare, family: isIP(bare) }] : resolveHost(bare).catch(() => []);
  };
  const isAllowed = ({ address }: Address) => allowPrivate || isPublicAddress(address);
  return {
    async refusal(host) {
      const late = AbortSignal.timeout(REFUSAL_MS);
      const addresses = await unlessAborted(late, () => addressesOf(host)).catch(() => []);
      return addresses.every(isAllowed) ? null : privateSentence(host);
    },
    async resolve(host, signal) {
      const addresses = await unlessAborted(signal, () => addressesOf(host));
      if (addresses.length === 0)
        throw new DeliveryError(`No address is known for the host ${host}; check its name.`, 'AGAIN');
      // Asked anew each time: what a name stands for may have changed since it was given.
      if (!addresses.every(isAllowed)) throw new DeliveryError(privateSentence(host), 'LOST');
      return addresses;
    },
  };
}

/** For sockets: the host is not resolved a second time, since its answer could be another one than was checked. */
export function lookupOf(addresses: readonly Address[]): LookupFunction {
  return (_host, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
}

function privateSentence(host: string): string {
  return `${host} is a private, loopback or link-local address: only an admin who is shown all streams may have mien send there. Ask one to name it.`;
}
