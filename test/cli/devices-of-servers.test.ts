/** A camera of one of several servers: who is asked to open it, and what is said where that is not clear. */
import { expect, test } from 'vitest';
import type { Requests } from '../../src/bus/index.ts';
import { createWorkers } from '../../src/cli/serve/ask-workers.ts';
import type { Offer } from '../../src/cli/serve/bus-requests.ts';
import { deviceAt, deviceOf } from '../../src/domain/camera-device.ts';
import type { Registration } from '../../src/sessions/check-registration.ts';
import { SETTINGS } from '../helpers/streams.ts';

const offer = (deviceHost: string, isHere: boolean): Offer => ({
  ...{ worker: `worker at ${deviceHost}`, deviceHost, isHere },
  ...{ isFull: false, running: 0 },
});

/** @returns who was asked to register it */
async function register(device: string, ...offers: Offer[]): Promise<string> {
  let asked = '';
  const requests = {
    ...{ isUp: true, refusal: null },
    askAll: async () => offers,
    async ask(kind: string) {
      asked = kind;
      return { id: 'a stream', alreadyRegistered: false };
    },
  } as unknown as Requests;
  const workers = createWorkers(requests, { sealSource: async (source) => source });
  const source = { type: 'device', device } as const;
  const registration = { ...SETTINGS, preview: false, realtime: null, autoStart: true, source };
  await workers.register(registration as Registration, null);
  return asked;
}

test('it is opened by the one that has it', async () => {
  const [first, second] = [offer('lab-1', false), offer('lab-2', true)];
  expect(await register('/dev/video0', first, second)).toContain('worker at lab-2');
  expect(await register('lab-2:/dev/video0', first, second)).toContain('worker at lab-2');
});

test('of several with the same path one has to be named, and the error says which there are', async () => {
  await expect(register('/dev/video0', offer('lab-1', true), offer('lab-2', true))).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('lab-1, lab-2. Name the one that is meant, such as lab-1:/dev/video0.'),
  });
});

test('several workers of one machine have the same camera', async () => {
  expect(await register('/dev/video0', offer('lab-1', true), offer('lab-1', true))).toContain('lab-1');
});

test('one that nobody has is refused with where workers are', async () => {
  await expect(
    register('lab-3:/dev/video0', offer('lab-1', false), offer('lab-2', false)),
  ).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: expect.stringContaining('at lab-1, lab-2'),
  });
});

test('a device is named by its path, or by its machine and its path', () => {
  expect(deviceOf('/dev/video0')).toEqual({ host: null, path: '/dev/video0' });
  expect(deviceOf('lab-1.example:/dev/video12')).toEqual({ host: 'lab-1.example', path: '/dev/video12' });
  for (const name of ['/dev/sda', 'lab-1:/dev/sda', ':/dev/video0', 'a b:/dev/video0', '-a:/dev/video0'])
    expect(deviceOf(name)).toBeNull();
  expect(deviceAt('lab-1', '/dev/video0')).toBe('lab-1:/dev/video0');
  expect(deviceAt('lab-1', 'lab-2:/dev/video0')).toBe('lab-2:/dev/video0');
  expect(deviceAt('lab-1', 'nonsense')).toBe('nonsense');
});
