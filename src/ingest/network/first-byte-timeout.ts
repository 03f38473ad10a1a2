import type { Socket } from 'node:net';
import { MienError } from '../../errors.ts';

/** Ends a server's connection when it has said nothing within `seconds`. @returns what stops waiting */
export function endSilence(server: Socket, host: string, seconds: number): () => void {
  const timer = setTimeout(() => server.destroy(saidNothing(host)), seconds * 1000);
  const stop = () => clearTimeout(timer);
  server.once('data', stop);
  return stop;
}

export function saidNothing(host: string): MienError {
  return new MienError(
    'SOURCE_UNREACHABLE',
    `${host} took the connection and said nothing; check the URL's port.`,
  );
}
