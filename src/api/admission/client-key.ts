/** Who is counted as one client: an IPv4 address, or the network of an IPv6 one, of which a single host may use all. */
import ipaddr from 'ipaddr.js';

const NETWORK_BITS = 64;

export function clientKey(remote: string | undefined): string {
  if (remote === undefined || !ipaddr.isValid(remote)) return 'unknown';
  const address = ipaddr.process(remote);
  if (address.kind() === 'ipv4') return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${NETWORK_BITS}`).toString();
}
