import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { readUntil } from '../../src/ingest/network/http/read-body.ts';

afterEach(() => void vi.useRealTimers());

it('what comes in time is read, also where the clock of the machine is set meanwhile', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const message = new PassThrough();
  const read = readUntil(message as unknown as IncomingMessage, Buffer.alloc(0), 4, 60);
  vi.setSystemTime(Date.now() + 3_600_000);
  message.write('ab');
  await vi.waitFor(() => expect(message.readableLength).toBe(0));
  message.write('cd');
  expect(String(await read)).toBe('abcd');
});
