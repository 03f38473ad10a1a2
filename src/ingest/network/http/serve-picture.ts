import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type LoopbackProxy, listenOnLoopback } from './loopback-proxy.ts';

/** Gives ffmpeg a picture that lies in our memory, so that none is written to a disk, as often as it asks. */
export async function servePicture(parts: readonly Uint8Array[]): Promise<LoopbackProxy & { url: string }> {
  const path = `/${randomBytes(16).toString('hex')}`;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const server = createServer(({ url, method }, response) => {
    if (url !== path || method !== 'GET') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'image/x-portable-graymap', 'content-length': length });
    for (const part of parts) response.write(part);
    response.end();
  });
  const proxy = await listenOnLoopback(server, () => undefined);
  return { ...proxy, url: `http://127.0.0.1:${proxy.port}${path}` };
}
