/** What storage may answer to a question for a range, and how that is told. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type ObjectProxy, openObjectProxy } from '../../src/ingest/network/http/object-proxy.ts';

const SIZE = 1_000_000;
const ETAG = '"one"';
/** Each byte says where it lies. */
const BYTES = Buffer.from(Array.from({ length: SIZE }, (_, at) => at % 251));

let storage: Server | undefined;
let gate: ObjectProxy | undefined;
afterEach(async () => {
  gate?.close();
  storage?.closeAllConnections();
  await new Promise((closed) => storage?.close(closed) ?? closed(null));
});

type Answer = (first: number, last: number, response: ServerResponse) => void;

async function openGateTo(answer: Answer): Promise<ObjectProxy> {
  storage = createServer((request: IncomingMessage, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!;
    answer(Number(first), Number(last), response);
  });
  await new Promise<void>((listening) => storage!.listen(0, '127.0.0.1', listening));
  const { port } = storage.address() as AddressInfo;
  const presign = async () => new URL(`http://127.0.0.1:${port}/video`);
  gate = await openObjectProxy({ storage: 's3://bucket', size: SIZE, etag: ETAG, presign }, 2);
  return gate;
}

const send: Answer = (first, last, response) =>
  void response
    .writeHead(206, { etag: ETAG, 'content-range': `bytes ${first}-${last}/${SIZE}` })
    .end(BYTES.subarray(first, last + 1));

it('what begins elsewhere than it was asked for is not taken for it', async () => {
  const { bytesAt } = await openGateTo((first, last, response) =>
    send(first - (first % 4096), last, response),
  );
  expect(await bytesAt(8192, 10)).toEqual(BYTES.subarray(8192, 8202));
  await expect(bytesAt(200_001, 10)).rejects.toMatchObject({ code: 'UPLOADS_UNAVAILABLE' });
});

it('one that has become shorter is gone, at once', async () => {
  const { bytesAt } = await openGateTo(
    (_first, _last, response) => void response.writeHead(416, { 'content-range': 'bytes */10' }).end(),
  );
  const began = performance.now();
  await expect(bytesAt(500_000, 10)).rejects.toThrow(/was removed, or replaced/);
  expect(performance.now() - began).toBeLessThan(2_500);
});

it('one place that cannot be read is told as that while others can', async () => {
  const { bytesAt } = await openGateTo((first, last, response) =>
    first < 100_000 ? void response.writeHead(503).end() : send(first, last, response),
  );
  const failing = bytesAt(10, 10);
  let isOver = false;
  const told = failing.catch((error: unknown) => error).finally(() => (isOver = true));
  for (let at = 100_000; !isOver; at = at > 900_000 ? 100_000 : at + 70_000) {
    expect(await bytesAt(at, 10)).toEqual(BYTES.subarray(at, at + 10));
    await new Promise((waited) => setTimeout(waited, 20));
  }
  expect(await told).toMatchObject({ code: 'UPLOADS_UNAVAILABLE', message: expect.stringContaining('503') });
});
