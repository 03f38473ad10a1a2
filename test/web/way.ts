/** A way to mien that can be narrow, silent on its way back, and cut. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Way {
  url: string;
  /** Bytes that it lets through before it stalls; infinite: all. */
  allowance: number;
  /** Whether it leads anywhere now: where not, who comes is refused. */
  isOpen: boolean;
  /** Where uploads went on from, as their requests say. */
  offsets: number[];
  /** Holds what mien answers to requests that contain this text, and all behind them on their connections, until it is called again with null. */
  holdAnswersTo(text: string | null): void;
  cut(): void;
  close(): void;
}

export async function openWay(mien: number): Promise<Way> {
  const open = new Set<Socket>();
  const held = new Set<Socket>();
  let holding: string | null = null;
  const server: Server = createServer((socket) => {
    if (!way.isOpen) return void socket.destroy();
    const onward = connect(mien, '127.0.0.1');
    for (const one of [socket, onward]) {
      open.add(one);
      one.on('error', () => one.destroy()).on('close', () => open.delete(one));
    }
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      for (const [, offset] of text.matchAll(/upload-offset: (\d+)\r\n/gi)) way.offsets.push(Number(offset));
      if (holding !== null && text.includes(holding)) {
        onward.pause();
        held.add(onward);
      }
      onward.write(chunk);
      way.allowance -= chunk.length;
      if (way.allowance < 0) socket.pause();
    });
    onward.on('data', (chunk) => socket.write(chunk));
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const way: Way = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ allowance: Number.POSITIVE_INFINITY, isOpen: true, offsets: [] },
    holdAnswersTo(text) {
      holding = text;
      if (text !== null) return;
      for (const onward of held) onward.resume();
      held.clear();
    },
    cut() {
      for (const socket of open) socket.destroy();
    },
    close() {
      way.cut();
      server.close();
    },
  };
  return way;
}
