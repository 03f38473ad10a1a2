/** One endpoint on a port of its own, without what stands before it; its services are what a test hands in. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { AuditEvent } from '../../src/domain/audit.ts';
import type { Log } from '../../src/domain/log.ts';

export const REQUESTER = {
  principal: { kind: 'TOKEN', id: 'a token', name: 'a token', role: 'VIEWER', streams: null },
  address: null,
  origin: null,
} as never;

export interface OpenEndpoint {
  url: string;
  /** What each answer reports as an error: nobody listens to them in the server, which they would end. */
  errors: unknown[];
  /** What was written down, and logged. */
  audited: AuditEvent[];
  logged: unknown[];
  /** Asks for a path, and reads nothing of the answer. */
  ask(path: string): Socket;
  /** Resolves with the answer of the next request, when that has come. */
  asked(): Promise<{ response: ServerResponse; done: Promise<void> }>;
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>;

/** @param open is given what the endpoint writes to */
export async function openEndpoint(
  open: (parts: { audit: { record(event: AuditEvent): Promise<void> }; log: Log }) => Handle,
): Promise<OpenEndpoint> {
  const [errors, audited, logged] = [[] as unknown[], [] as AuditEvent[], [] as unknown[]];
  const log = { debug() {}, info() {}, warn() {}, error: (...args: unknown[]) => void logged.push(args) };
  const handle = open({ audit: { record: async (event) => void audited.push(event) }, log: log as Log });
  const server = createServer();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.on('error', (error) => errors.push(error));
    server.emit('asked', { response, done: handle(request, response, request.url!) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ errors, audited, logged },
    ask(path) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {}); // it may be cut off
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      return socket;
    },
    asked: async () => (await once(server, 'asked'))[0],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
