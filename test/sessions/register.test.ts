/** What may be registered, and what registering starts. */
import { expect, it } from 'vitest';
import { MienError } from '../../src/errors.ts';
import { FILE_INFO } from './fakes.ts';
import { CAMERA, code, INPUT, TestManager } from './test-manager.ts';

it.each([
  ['BAD_INPUT', { name: ' ' }],
  ['BAD_INPUT', { name: 'x'.repeat(201) }],
  ['BAD_INPUT', { name: 'a\nb' }],
  ['BAD_INPUT', { frameRate: 0.05 }],
  ['BAD_INPUT', { frameRate: 61 }],
  ['BAD_INPUT', { frameRate: Number.NaN }],
  ['BAD_INPUT', { purpose: 'SPYING' }],
  ['BAD_INPUT', { source: CAMERA.source, loop: true }],
  ['BAD_INPUT', { source: CAMERA.source, realtime: false }],
  ['PURPOSE_REFUSED', { purpose: 'WORKPLACE' }],
  ['PURPOSE_REFUSED', { purpose: 'EDUCATION' }],
])('registering refuses with %s: %o', async (expected, change) => {
  const test = new TestManager();
  const registering = (async () => test.manager.register({ ...INPUT, ...change }))();
  await expect(registering).rejects.toEqual(code(expected));
  expect(test.store.streams.size).toBe(0);
});

it('a prohibited purpose that is named in the settings may be registered', async () => {
  const test = new TestManager({ allowPurposes: ['WORKPLACE'] });
  await test.manager.register({ ...INPUT, purpose: 'WORKPLACE' });
  await expect((async () => test.manager.register({ ...INPUT, purpose: 'EDUCATION' }))()).rejects.toEqual(
    code('PURPOSE_REFUSED'),
  );
});

it('nothing is stored of a source that probing refuses', async () => {
  const test = new TestManager({
    probe: async () => {
      throw new MienError('SOURCE_NOT_VIDEO', 'Not a video.');
    },
  });
  await expect(test.manager.register(INPUT)).rejects.toEqual(code('SOURCE_NOT_VIDEO'));
  expect(test.store.streams.size).toBe(0);
});

it('the same name with the same source is registered once, also at the same time; another name or source is not refused', async () => {
  const test = new TestManager();
  const twice = await Promise.allSettled([test.manager.register(INPUT), test.manager.register(INPUT)]);
  expect(twice.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(test.manager.register({ ...INPUT, name: ' clip ' })).rejects.toEqual(code('CONFLICT'));
  await test.manager.register({ ...INPUT, name: 'other' });
  await test.manager.register({ ...INPUT, source: { type: 'file', path: 'other.mp4' } });
  expect(test.store.streams.size).toBe(3);
});

it('registering probes once for storing and starting, and does not start what should wait', async () => {
  let probes = 0;
  const probe = async () => {
    probes += 1;
    return FILE_INFO;
  };
  const test = new TestManager({ probe });
  const first = await test.manager.register(INPUT);
  await test.ended(first.id);
  expect(probes).toBe(1);
  const second = await test.manager.register({ ...INPUT, name: 'later', autoStart: false });
  expect([second.shouldRun, test.manager.running()]).toEqual([false, []]);
});
