/** What every request passes before anything is done for it, a WebSocket's first one too. */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from '../admission/refusal.ts';
import { createHostPolicy } from './hosts.ts';
import { createOriginPolicy } from './origins.ts';

export interface GateOptions {
  host: string;
  publicUrls: readonly string[];
  allowedOrigins: readonly string[];
}

/** Gives the reason for which a request is refused, or null. */
export type Gate = (request: IncomingMessage, path: string) => Refusal | null;

/** What whoever watches the server asks for, often by nothing but its address. */
const PROBES = ['/health', '/ready', '/metrics'];

export function createGate(options: GateOptions): Gate {
  const hosts = createHostPolicy(options);
  const origins = createOriginPolicy(options);
  return (request, path) => {
    const isProbe = PROBES.includes(path) && hosts.isAddress(request);
    if (!isProbe && !hosts.knows(request)) return hostRefused(request);
    return origins.allows(request) ? null : ORIGIN_REFUSED;
  };
}

const ORIGIN_REFUSED: Refusal = {
  status: 403,
  code: 'ORIGIN_REFUSED',
  message: 'Pages of this origin may not call this server: have MIEN_ALLOWED_ORIGINS name it.',
};

function hostRefused({ headers: { host = '' } }: IncomingMessage): Refusal {
  return {
    status: 403,
    code: 'HOST_REFUSED',
    message: `This server does not go by the name ${JSON.stringify(host.slice(0, 100))}: if it should, have MIEN_PUBLIC_URL name the address, such as https://mien.example.org.`,
  };
}
