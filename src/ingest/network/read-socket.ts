import type { Socket } from 'node:net';

/** Reads of a socket that nobody else reads from now on; what is not read stays in it. */
export interface SocketReader {
  /** So many bytes. Throws an Error when there are no more, `tooLate()` when they do not come in time. */
  exactly(size: number): Promise<Buffer>;
  /** What has come, one byte at least. Throws as `exactly` does. */
  some(): Promise<Buffer>;
}

/** @param seconds that each read may take */
export function createSocketReader(socket: Socket, seconds: number, tooLate: () => Error): SocketReader {
  const read = (size?: number) =>
    new Promise<Buffer>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        for (const name of EVENTS) socket.off(name, tryToRead);
      };
      // Its listeners stay until there is enough: a new one is told at once of bytes that are too few, and again without end.
      const tryToRead = () => {
        const bytes: Buffer | null = socket.read(size);
        const enough = bytes !== null && (size === undefined || bytes.length === size);
        if (!enough && bytes === null && !socket.destroyed && !socket.readableEnded) return;
        stop();
        if (enough) resolve(bytes);
        else reject(new Error('the connection was closed'));
      };
      const timer = setTimeout(() => {
        stop();
        reject(tooLate());
      }, seconds * 1000);
      for (const name of EVENTS) socket.on(name, tryToRead);
      tryToRead();
    });
  return { exactly: read, some: () => read() };
}

const EVENTS = ['readable', 'end', 'close'] as const;
