/** One stream's source: whether its frames are dropped rather than waited for, and whether it can be opened again. */
import { expect, it, onTestFinished, test, vi } from 'vitest';
import type { SourceInfo, SourceInput } from '../../src/domain/frame.ts';
import { runsInRealTime, type StreamRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import { createSessionSource } from '../../src/sessions/session-source.ts';
import { SourceGate } from '../../src/sessions/source-gate.ts';
import { STREAM_RECORD } from '../helpers/streams.ts';
import { FILE_INFO, LIVE_INFO } from './fakes.ts';

const RECORDING: SourceInput = { type: 'url', url: 'https://example.com/clip.mp4' };
const CAMERA: SourceInput = { type: 'url', url: 'rtsp://camera/1' };
const FILE: SourceInput = { type: 'file', path: 'a.mp4' };

/** A stream's source that is found to be this. */
function sourceOf(stream: Partial<StreamRecord>, info: SourceInfo) {
  const frames = (async function* () {})();
  const open = async () => ({ info, frames, setFrameRate() {} });
  return createSessionSource(
    { openSource: open, gate: new SourceGate() },
    { ...STREAM_RECORD, ...stream },
    null,
  );
}

const never = new AbortController().signal;

it.each([
  ['a recording by its address that is not to run in real time', RECORDING, false, FILE_INFO, [false, false]],
  ['a recording by its address of which nothing is said', RECORDING, null, FILE_INFO, [true, false]],
  ['a recording by its address that is to run in real time', RECORDING, true, FILE_INFO, [true, true]],
  ['a file of which nothing is said', FILE, null, FILE_INFO, [false, false]],
  ['a file that is to run in real time', FILE, true, FILE_INFO, [true, true]],
  ['a camera', CAMERA, null, LIVE_INFO, [true, true]],
])('%s is analysed so before and after it was opened', async (_, source, realtime, info, expected) => {
  const session = sourceOf({ source, realtime }, info);
  const before = session.realtime;
  expect([before, (await session.open(never)).realtime]).toEqual(expected);
});

it('a recording by its address may be live until it was opened, and can be opened again until then', async () => {
  const session = sourceOf({ source: RECORDING, realtime: false }, { ...FILE_INFO, kind: 'http' });
  expect(session.canReturn(new Error('it was away'))).toBe(true);
  await session.open(never);
  expect(session.canReturn(new Error('it broke off'))).toBe(false);
});

it('an upload whose storage is away is tried again, unless some of it was read that would be read once more', async () => {
  const away = new MienError('UPLOADS_UNAVAILABLE', 'The storage of uploads does not answer.');
  const source: SourceInput = { type: 'upload', token: 'a'.repeat(32) };
  const [once, looped] = [false, true].map((loop) => sourceOf({ source, loop }, FILE_INFO));
  expect([once!.canReturn(away), looped!.canReturn(away)]).toEqual([true, true]);
  await Promise.all([once!.open(never), looped!.open(never)]);
  expect([once!.canReturn(away), looped!.canReturn(away)]).toEqual([false, true]);
});

test('what is live runs in real time, whatever was said before that was known', () => {
  const stream = { source: RECORDING, realtime: false };
  expect([null, false, true].map((live) => runsInRealTime(stream, live))).toEqual([false, false, true]);
});

it('a recording of which nothing is said is opened as one that need not keep the pace of the clock', async () => {
  const asked: (boolean | undefined)[] = [];
  const open = async (_: unknown, { realtime }: { realtime?: boolean }) => {
    asked.push(realtime);
    return { info: FILE_INFO, frames: (async function* () {})(), setFrameRate() {} };
  };
  for (const realtime of [null, false, true])
    await createSessionSource(
      { openSource: open as never, gate: new SourceGate() },
      { ...STREAM_RECORD, source: FILE, realtime },
      null,
    ).open(never);
  expect(asked).toEqual([false, false, true]);
});

it('a source whose password cannot be read is refused; another one that has none is opened', async () => {
  const locked = { ...CAMERA, locked: true } as SourceInput;
  await expect(sourceOf({ source: locked }, LIVE_INFO).open(never)).rejects.toMatchObject({
    code: 'SOURCE_REFUSED',
  });
  await expect(sourceOf({ source: CAMERA }, LIVE_INFO).open(never)).resolves.toMatchObject({
    realtime: true,
  });
});

it('a source that was held open for the session is stopped with it, once, and at once where it is over already', async () => {
  const held = () => {
    const stops: number[] = [];
    const frames = (async function* () {})();
    const source = { info: LIVE_INFO, frames, setFrameRate() {}, stop: () => void stops.push(1) };
    const fail = () => Promise.reject(new Error('It is open already.'));
    return {
      stops,
      session: createSessionSource(
        { openSource: fail, gate: new SourceGate() },
        { ...STREAM_RECORD, source: CAMERA },
        source,
      ),
    };
  };
  const running = new AbortController();
  const first = held();
  await first.session.open(running.signal);
  expect(first.stops).toEqual([]);
  running.abort();
  expect(first.stops).toEqual([1]);
  const late = held();
  await late.session.open(running.signal);
  expect(late.stops).toEqual([1]);
});

it('a recording that repeats is opened again after failures, unless there are too many of them within a while', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const session = sourceOf({ source: FILE, loop: true }, FILE_INFO);
  const fail = () => session.canReturn(new Error('it broke off'));
  expect(session.canReturn(null)).toBe(false);
  const inARow = Array.from({ length: 20 }, fail);
  const allowed = inARow.indexOf(false);
  expect(allowed).toBeGreaterThan(0);
  expect(inARow.slice(allowed)).toEqual(inARow.slice(allowed).map(() => false));
  vi.advanceTimersByTime(24 * 3_600_000);
  expect(Array.from({ length: allowed + 1 }, fail)).toEqual([...Array(allowed).fill(true), false]);
});
