/** Where a request comes from: past the proxies that are trusted to say so, and nobody else. */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

export interface ProxiedAddress {
  /** The address of whoever asks; what a trusted proxy wrote that is no address is told as the proxy's own. */
  addressOf(request: IncomingMessage): string | undefined;
  /** Whether connections from this address are those of a trusted proxy, for many clients. */
  isProxy(address: string | undefined): boolean;
  /**
   * Whether a request was made by a program of this machine for itself. Where people come through a proxy that nobody named, a
   * proxy of this machine that writes no header would look the same: then none is.
   */
  isFromHere(request: IncomingMessage): boolean;
}

/** What proxies write of whom they ask for. */
const PASSED_ON = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** @param trustedProxies addresses, networks (`10.0.0.0/8`), or `loopback`, `linklocal`, `uniquelocal` */
export function createProxiedAddress({
  trustedProxies = [],
  publicUrls = [],
}: {
  trustedProxies?: readonly string[] | undefined;
  publicUrls?: readonly string[] | undefined;
}): ProxiedAddress {
  const trusts = proxyAddr.compile([...trustedProxies]);
  const areProxiesKnown = publicUrls.length === 0 || trustedProxies.length > 0;
  const isProxy = (address: string | undefined) =>
    address !== undefined && ipaddr.isValid(address) && trusts(address, 0);
  return {
    addressOf(request) {
      const { remoteAddress } = request.socket;
      if (!isProxy(remoteAddress)) return remoteAddress;
      const address = proxyAddr(request, trusts);
      return ipaddr.isValid(address) ? address : remoteAddress;
    },
    isProxy,
    isFromHere(request) {
      const { remoteAddress = '' } = request.socket;
      if (!areProxiesKnown || !ipaddr.isValid(remoteAddress)) return false;
      return ipaddr.process(remoteAddress).range() === 'loopback' && !isPassedOn(request);
    },
  };
}

export function isPassedOn({ headers }: IncomingMessage): boolean {
  return PASSED_ON.some((name) => headers[name] !== undefined);
}
