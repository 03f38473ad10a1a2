import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { DecodeOptions } from '../../src/domain/decode-options.ts';
import type { SourceInput } from '../../src/domain/frame.ts';
import { checkRegistration, type RegisterInput } from '../../src/sessions/check-registration.ts';
import { type InspectDeps, inspectSource } from '../../src/sessions/inspect-source.ts';
import { FILE_INFO, LIVE_INFO } from './fakes.ts';
import { INPUT } from './test-manager.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const CAMERA: SourceInput = { type: 'url', url: 'rtsp://camera/1' };
const registration = (more: Partial<RegisterInput>) => checkRegistration({ ...INPUT, ...more }, []);

/** What looks at sources, and how each was looked at. */
function looking(more: Partial<InspectDeps> = {}) {
  const looks: string[] = [];
  const opened: DecodeOptions[] = [];
  const deps: InspectDeps = {
    async probe() {
      looks.push('probed');
      return FILE_INFO;
    },
    async openSource(_source, options) {
      looks.push('opened');
      opened.push(options);
      return { info: LIVE_INFO, frames: (async function* () {})(), setFrameRate() {} };
    },
    ...more,
  };
  return { deps, looks, opened };
}

it.each([
  ['what is sent to mien is not looked at', { source: { type: 'push', inlet: 'mien' } }, [], true],
  ['a file is probed', {}, ['probed'], false],
  ['an upload is probed', { source: { type: 'upload', token: 'x' } }, ['probed'], false],
  ['a camera that does not start is probed', { source: CAMERA, autoStart: false }, ['probed'], false],
  ['a camera that starts is opened', { source: CAMERA, realtime: null }, ['opened'], true],
] as const)('before it is registered %s', async (_, more, how, live) => {
  const { deps, looks } = looking();
  const { info, held } = await inspectSource(deps, registration(more), new AbortController().signal);
  expect([looks, info.live, held !== null, vi.getTimerCount()]).toEqual([how, live, how[0] === 'opened', 0]);
});

it('a camera stays open as it was asked for, until its session stops it, however long that is later', async () => {
  const { deps, opened } = looking();
  const asked = registration({
    source: CAMERA,
    realtime: null,
    frameRate: 5,
    timing: 'NEAREST',
    preview: true,
  });
  const { held } = await inspectSource(deps, asked, new AbortController().signal);
  const { signal, ...options } = opened[0]!;
  expect(options).toEqual({
    ...{
      frameRate: 5,
      timing: 'NEAREST',
      realtime: false,
      loop: false,
      detectSize: 'STANDARD',
      colour: true,
    },
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(signal.aborted).toBe(false);
  held!.stop();
  expect(signal.aborted).toBe(true);
  await inspectSource(deps, registration({ source: CAMERA, realtime: true }), new AbortController().signal);
  expect(opened[1]!.realtime).toBe(true);
});

it('a source that shows nothing for half a minute is given up; whoever stops registering gives it up at once', async () => {
  const { deps } = looking({
    probe: (_source, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  });
  const late = expect(
    inspectSource(deps, registration({}), new AbortController().signal),
  ).rejects.toMatchObject({
    code: 'SOURCE_UNREACHABLE',
    message: 'The source showed no picture; check that it is sending video.',
  });
  await vi.advanceTimersByTimeAsync(30_000);
  await late;
  const stopping = new AbortController();
  const stopped = expect(inspectSource(deps, registration({}), stopping.signal)).rejects.toBe('stopped');
  stopping.abort('stopped');
  await stopped;
  expect(vi.getTimerCount()).toBe(0);
});
