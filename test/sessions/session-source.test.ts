/** One stream's source: whether its frames are dropped rather than waited for, and whether it can be opened again. */
import { expect, it, onTestFinished, test, vi } from 'vitest';
import type { Frame, SourceInfo, SourceInput } from '../../src/domain/frame.ts';
import { runsInRealTime, type StreamRecord } from '../../src/domain/stream.ts';
import { MienError } from '../../src/errors.ts';
import { LiveSourceGate } from '../../src/sessions/live-source-gate.ts';
import { createSessionSource } from '../../src/sessions/session-source.ts';
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
    { openSource: open, gate: new LiveSourceGate() },
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
      { openSource: open as never, gate: new LiveSourceGate() },
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
        { openSource: fail, gate: new LiveSourceGate() },
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
  expect(allowed).toBe(5);
  expect(inARow.slice(allowed)).toEqual(inARow.slice(allowed).map(() => false));
  vi.advanceTimersByTime(24 * 3_600_000);
  expect(Array.from({ length: allowed + 1 }, fail)).toEqual([...Array(allowed).fill(true), false]);
});

it('what comes by HTTP has ended when its server says so, and is opened again when it broke off', async () => {
  const [http, rtsp] = (['http', 'rtsp'] as const).map((kind) =>
    sourceOf({ source: RECORDING }, { ...LIVE_INFO, kind }),
  );
  for (const source of [http!, rtsp!]) {
    // By what it is named it may be anything.
    expect(source.canReturn(null)).toBe(true);
    await source.open(never);
  }
  const broke = new Error('it broke off');
  expect([http!.canReturn(null), http!.canReturn(broke)]).toEqual([false, true]);
  expect([rtsp!.canReturn(null), rtsp!.canReturn(broke)]).toEqual([true, true]);
});

it('only a recording that is not looped has an end, and it is told', async () => {
  const end = async (loop: boolean, info: SourceInfo) =>
    (await sourceOf({ source: FILE, loop }, info).open(never)).end;
  expect(await Promise.all([end(false, FILE_INFO), end(true, FILE_INFO)])).toEqual([1, null]);
  expect(await end(false, { ...LIVE_INFO, duration: 7 })).toBeNull();
});

it('what may be live waits for the gate, and is lost when that closes; a recording is read on', async () => {
  const gate = new LiveSourceGate();
  const opened: AbortSignal[] = [];
  const sourceAt = (source: SourceInput, info: SourceInfo) =>
    createSessionSource(
      {
        async openSource(_source, { signal, colour }) {
          opened.push(signal);
          expect(colour).toBe(false);
          const frames = (async function* () {
            yield {} as Frame;
            if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
          })();
          return { info, frames, setFrameRate() {} };
        },
        gate,
      },
      { ...STREAM_RECORD, source },
      null,
    );
  const [camera, file] = [sourceAt(CAMERA, LIVE_INFO), sourceAt(FILE, FILE_INFO)];
  gate.close();
  const opening = camera.open(never);
  await file.open(never);
  expect(opened.length).toBe(1);
  gate.open();
  const frames = (await opening).frames[Symbol.asyncIterator]();
  expect((await frames.next()).done).toBe(false);
  gate.close();
  await expect(frames.next()).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    message:
      'The database was away for so long that another server may run this stream now; the source is opened again if none does.',
  });
  expect(opened.map(({ aborted }) => aborted)).toEqual([false, true]);
});

it('a source whose password is lost says how to get it back; where there is none to lose, nothing is locked', async () => {
  const locked = sourceOf({ source: { ...CAMERA, locked: true } as SourceInput }, LIVE_INFO).open(never);
  await expect(locked).rejects.toThrow(
    'The password of this source cannot be read, because the key that it was sealed with is not here: start mien with that key (MIEN_SECRET_KEY, or secret.key in the data directory), or remove this stream and register it again.',
  );
});
