/** Someone inside, whom nothing may reach: counts who knocks, by TCP or UDP, and would show a video to everybody. */
import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** 127.0.0.1 is what sources may reach here; this stands for the internal network. */
export const INSIDE = '127.0.0.2';

export interface Canary {
  port: number;
  /** What came since the last call, as far as it said something. */
  knocks(): string[];
  close(): Promise<void>;
}

/** @param video an MPEG transport stream, whose pictures nobody may see */
export async function openCanary(video: Buffer): Promise<Canary> {
  let seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const index = seen.push('TCP') - 1;
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    // Whoever comes by tcp:// says nothing and waits.
    const silent = setTimeout(() => socket.end(video), 200);
    socket.once('data', (data: Buffer) => {
      clearTimeout(silent);
      seen[index] = `TCP ${data.toString('latin1').split('\r\n', 1)[0]}`;
      const head = `HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: ${video.length}\r\n\r\n`;
      socket.end(Buffer.concat([Buffer.from(head), video]));
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, INSIDE, resolve));
  const { port } = server.address() as AddressInfo;
  const datagrams = createSocket('udp4', () => seen.push('UDP'));
  await new Promise<void>((resolve) => datagrams.bind(port, INSIDE, resolve));
  return {
    port,
    knocks() {
      const found = seen;
      seen = [];
      return found;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<unknown>((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => datagrams.close(resolve));
    },
  };
}
