/**
 * Hands what is sent to ffmpeg, by a port of loopback: of a local socket ffmpeg 5 thinks that it could be read from another
 * place, and its standard input is that of the shell that watches over it.
 */
import { createServer } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { type LoopbackProxy, listenOnLoopback } from '../network/http/loopback-proxy.ts';

/** Gives the bytes to whoever connects first. */
export async function openPushFeed(bytes: Readable): Promise<LoopbackProxy & { url: string }> {
  let isTaken = false;
  const server = createServer((socket) => {
    if (isTaken) return void socket.destroy();
    isTaken = true;
    // How it ends shows in ffmpeg's own end, and in the sender's.
    pipeline(bytes, socket, () => {});
  });
  const proxy = await listenOnLoopback(server, () => undefined);
  return { ...proxy, url: `tcp://127.0.0.1:${proxy.port}` };
}
