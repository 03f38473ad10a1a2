import { open, stat } from 'node:fs/promises';
import type { Socket } from 'node:net';

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** Where Linux lists IPv4 sockets, and those of IPv6, which reach us by `::ffff:127.0.0.1`; what stands before an address there. */
const TABLES = [
  { path: '/proc/net/tcp', prefix: '' },
  { path: '/proc/net/tcp6', prefix: LITTLE_ENDIAN ? '0000000000000000FFFF0000' : '00000000000000000000FFFF' },
];
/** The kernel gives a table page by page: where sockets come and go meanwhile, one may fall between two pages. */
const LOOKS = 3;

/**
 * Whether another user of this machine is at the other end of a loopback connection: what our proxies hold, a camera's
 * picture among it, is for our ffmpeg alone. Root may do anything anyway. Whoever is not found, or has closed its socket, has
 * gone, and is nobody of ours. Only Linux tells; elsewhere nobody is known as foreign.
 */
export async function isForeignPeer({ localPort, remotePort, remoteAddress }: Socket): Promise<boolean> {
  if (localPort === undefined || remotePort === undefined || remoteAddress === undefined) return true;
  let own: number;
  try {
    own = (await stat('/proc/self')).uid;
  } catch {
    return false; // not Linux
  }
  const [peer, ours] = [written(remoteAddress, remotePort), written('127.0.0.1', localPort)];
  for (let look = 0; look < LOOKS; look++) {
    for (const { path, prefix } of TABLES) {
      const user = await userIn(path, `${prefix}${peer} ${prefix}${ours} `);
      if (user !== null) return user !== own && user !== 0;
    }
  }
  return true;
}

/**
 * Reads a table as far as it must, in pieces of a page, between which the event loop goes on: with 5,000 sockets it takes
 * the kernel 17 ms.
 * @returns the user of the socket with these ends; null: there is none, or no process has it any more (its inode is 0), of
 * which the kernel says that it were root's
 */
async function userIn(path: string, ends: string): Promise<number | null> {
  const table = await open(path).catch(() => null);
  if (table === null) return null; // a kernel without IPv6
  try {
    const page = Buffer.allocUnsafe(64 * 1024);
    let rest = '';
    for (;;) {
      const { bytesRead } = await table.read(page, 0, page.length);
      if (bytesRead === 0) return null;
      const text = rest + page.toString('latin1', 0, bytesRead);
      const at = text.indexOf(ends);
      const end = at < 0 ? -1 : text.indexOf('\n', at);
      if (end >= 0) {
        // State, queues, timers, retransmissions, user, timeouts, inode.
        const [, , , , user, , inode] = text.slice(at + ends.length, end).split(/ +/);
        return inode === '0' ? null : Number(user);
      }
      rest = text.slice(text.lastIndexOf('\n') + 1);
    }
  } finally {
    await table.close();
  }
}

/** An IPv4 address and a port as the kernel writes them: the address in the order of the machine's bytes. */
function written(address: string, port: number): string {
  const bytes = Buffer.from(address.split('.').map(Number));
  const number = (LITTLE_ENDIAN ? bytes.reverse() : bytes).toString('hex');
  return `${number}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}
