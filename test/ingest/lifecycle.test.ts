import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, never, open, refusal, risesAlways, times } from './harness.ts';
import { counting, ffmpeg, frameNumber, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { counted, goneSoon, naming, pidOf, sleep } from './processes.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} clip.mp4`);
  await media.make('-stream_loop 99 -i clip.mp4 -c copy long.mp4');
});
afterAll(async () => {
  await ingest.close();
  await media.remove();
});
afterEach(async () => {
  expect(await goneSoon(media.path)).toEqual([]);
});

test('an opened source that is returned before its first frame was taken leaves no process', async () => {
  for (const realtime of [false, true]) {
    const { frames } = await open(ingest, file('long.mp4'), { realtime });
    const iterator = frames[Symbol.asyncIterator]();
    expect(naming(media.path)).not.toEqual([]);
    await iterator.return?.();
    expect(await counted(0, media.path)).toEqual([]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  }
});

test.each([0, 5, 30, 150])(
  'an opening that is aborted %i ms after its start ends with the reason, or its decoding does, and leaves no process',
  async (pause) => {
    const [controller, reason] = [new AbortController(), new Error('changed my mind')];
    const opening = open(ingest, file('long.mp4'), { signal: controller.signal });
    const end = opening.then(
      async ({ frames }) => {
        for await (const _frame of frames);
        return reason;
      },
      (error: unknown) => error,
    );
    await sleep(pause);
    controller.abort(reason);
    expect(await end).toBe(reason);
    expect(await goneSoon(media.path)).toEqual([]);
  },
);

describe('a decoding', () => {
  test('a source that was aborted before it is opened is not opened', async () => {
    const reason = new Error('changed my mind');
    const opening = open(ingest, file('long.mp4'), { signal: AbortSignal.abort(reason) });
    await expect(opening).rejects.toBe(reason);
  });

  test.each([0, 5, 30, 150])(
    'a decoding that is aborted %i ms after its start finishes and leaves no process',
    async (pause) => {
      const controller = new AbortController();
      const { frames } = await open(ingest, file('long.mp4'), {
        frameRate: 30,
        realtime: true,
        signal: controller.signal,
      });
      const iterator = frames[Symbol.asyncIterator]();
      const first = iterator.next();
      await sleep(pause);
      controller.abort();
      await first;
      expect((await iterator.next()).done).toBe(true);
      expect(naming(media.path)).toEqual([]);
    },
  );

  test('a decoding ends when its consumer leaves the loop', async () => {
    for await (const _frame of decode(ingest, file('long.mp4'))) break;
    expect(naming(media.path)).toEqual([]);
  });

  test('a decoding whose frames are no longer taken ends when ingest is closed', async () => {
    const closing = ingestAt(media.path);
    const iterator = decode(closing, file('long.mp4'));
    await iterator.next();
    expect(naming(media.path).length).toBeGreaterThan(0);
    await closing.close();
    expect(naming(media.path)).toEqual([]);
    expect((await iterator.next()).done).toBe(true);
    await expect(closing.probe(file('clip.mp4'), never)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });

  test('an opened source whose frames are never taken ends when it is aborted, and when ingest is closed', async () => {
    const controller = new AbortController();
    const closing = ingestAt(media.path);
    const { frames } = await open(closing, file('long.mp4'), { signal: controller.signal });
    expect(naming(media.path).length).toBeGreaterThan(0);
    controller.abort();
    expect(await goneSoon(media.path)).toEqual([]);
    expect((await frames[Symbol.asyncIterator]().next()).done).toBe(true);

    await open(closing, file('long.mp4'));
    expect(naming(media.path).length).toBeGreaterThan(0);
    await closing.close();
    expect(naming(media.path)).toEqual([]);
  });

  test.skipIf(!existsSync('/proc'))(
    'a decoding whose ffmpeg was killed is a failure, not an end',
    async () => {
      const iterator = decode(ingest, file('long.mp4'));
      await iterator.next();
      const line = naming(media.path).find((text) => text.startsWith(ffmpeg.path));
      expect(line).toBeDefined();
      execFileSync('sh', ['-c', `kill -KILL ${pidOf(line!)}`]);
      const rest = (async () => {
        while (!(await iterator.next()).done);
      })();
      expect(await refusal(rest)).toMatchObject({ code: 'SOURCE_FAILED' });
    },
  );

  test('a recording of which ffmpeg gives nothing more has failed, however many frames wait to be taken before', async () => {
    const patient = ingestAt(media.path, { stallSeconds: 0.1 });
    const { frames } = await open(patient, file('long.mp4'), { frameRate: 30 });
    const iterator = frames[Symbol.asyncIterator]();
    await iterator.next();
    await sleep(2000); // longer than ffmpeg may take, but nobody has asked for more
    for (let i = 0; i < 30; i++) expect((await iterator.next()).done).toBe(false);
    const [line] = naming(media.path);
    process.kill(Number(pidOf(line!)), 'SIGSTOP');
    const rest = (async () => {
      while (!(await iterator.next()).done);
    })();
    expect(await refusal(rest)).toEqual({
      code: 'SOURCE_FAILED',
      message: '"long.mp4" gave no frame for 1 s.',
    });
    await patient.close();
  });

  test('the decoding of a recording waits until its frames are taken', async () => {
    const iterator = decode(ingest, file('clip.mp4'), { frameRate: 30 });
    const frames: Frame[] = [];
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      frames.push(next.value);
      if (frames.length === 3) await sleep(300);
    }
    expect(frames).toHaveLength(60);
  });

  test('a looped decoding starts again at the end, while media time goes on', async () => {
    const frames: Frame[] = [];
    for await (const frame of decode(ingest, file('clip.mp4'), { loop: true })) {
      if (frames.push(frame) === 65) break;
    }
    expect(risesAlways(frames)).toBe(true);
    const steps = times(frames).map((time, i) => time - i * 100);
    expect(Math.max(...steps.map(Math.abs))).toBeLessThan(70);
  });

  test('a decoding in real time keeps the pace of the clock, and the newest frame', async () => {
    const frames: Frame[] = [];
    for await (const frame of decode(ingest, file('clip.mp4'), { frameRate: 30, realtime: true })) {
      frames.push(frame);
      if (frames.length === 10) await sleep(500);
    }
    const lag = frames.map(({ wallTime, mediaTime }) => wallTime - mediaTime * 1000);
    // None comes before its time; how late one may be is up to the machine.
    expect(lag[0]! - Math.min(...lag)).toBeLessThan(100);
    const dropped = frames.reduce((sum, frame) => sum + (frame.dropped.busy ?? 0), 0);
    expect(dropped).toBeGreaterThan(5);
    // What was replaced before the first was taken does not count.
    expect(frames.length + dropped).toBe(60 - Math.round(frames[0]!.mediaTime * 30));
  });
});

describe('a source in real time that falls behind', () => {
  /** The frames of a looped clip that are taken until one has this media time, which ffmpeg gives as `ffmpegPath` does. */
  async function taken(until: number, ffmpegPath: string, onFrame: (frame: Frame) => void = () => {}) {
    const late = ingestAt(media.path, { ffmpegPath });
    const frames: Frame[] = [];
    for await (const frame of decode(late, file('half-minute.mp4'), { realtime: true, loop: true })) {
      onFrame(frame);
      frames.push(frame);
      if (frame.mediaTime >= until) break;
    }
    await late.close();
    const first = frames[0]!;
    /** Milliseconds. */
    const lag = frames.map(
      ({ wallTime, mediaTime }) => wallTime - first.wallTime - (mediaTime - first.mediaTime) * 1000,
    );
    const dropped = frames.reduce((sum, frame) => sum + (frame.dropped.busy ?? 0), 0);
    return { frames, lag, told: frames.length + dropped, from: first.mediaTime };
  }

  beforeAll(() => media.make('-stream_loop 14 -i clip.mp4 -c copy half-minute.mp4'));

  test.skipIf(!existsSync('/proc'))(
    'because its ffmpeg stood still for four seconds gives nothing older than two, and counts what it left out',
    async () => {
      let stopped = false;
      const { frames, lag, told, from } = await taken(6, ffmpeg.path, ({ mediaTime }) => {
        if (mediaTime < 0.5 || stopped) return;
        stopped = true;
        const line = naming(media.path).find((text) => text.startsWith(ffmpeg.path));
        execFileSync('sh', ['-c', `kill -STOP ${pidOf(line!)}`]);
        setTimeout(() => execFileSync('sh', ['-c', `kill -CONT ${pidOf(line!)}`]), 4000);
      });
      expect(stopped).toBe(true);
      expect(Math.max(...lag)).toBeLessThan(2100);
      expect(lag.at(-1)).toBeLessThan(2000);
      expect(told).toBe(Math.round((frames.at(-1)!.mediaTime - from) * 10) + 1);
    },
  );

  /** At three tenths of its pace. */
  async function slowFfmpeg(): Promise<string> {
    const slow = media.at('slow-ffmpeg');
    const script = `#!/bin/sh\ncase $* in *-version) exec ${ffmpeg.path} -version; esac\nexec ${ffmpeg.path} -readrate 0.3 "$@"\n`;
    await writeFile(slow, script, { mode: 0o755 });
    return slow;
  }

  test('ends at once when its signal aborts, whichever run reads it by then', async () => {
    const slow = ingestAt(media.path, { ffmpegPath: await slowFfmpeg() });
    const stopping = new AbortController();
    const options = { realtime: true, loop: true, signal: stopping.signal };
    const { frames, setFrameRate } = await open(slow, file('half-minute.mp4'), options);
    const iterator = frames[Symbol.asyncIterator]();
    let passedOver = 0;
    while (passedOver < 5) passedOver = (await iterator.next()).value!.dropped.busy ?? 0;
    setFrameRate(0.1);
    let next = iterator.next();
    while (await Promise.race([next, sleep(1500)])) next = iterator.next();
    const asked = performance.now();
    stopping.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(performance.now() - asked).toBeLessThan(4000);
    await slow.close();
  }, 180_000);

  test('because its ffmpeg is too slow is read from where it would be by now, and counts what it passed over', async () => {
    const { frames, lag, told, from } = await taken(6, await slowFfmpeg());
    expect(Math.max(...lag)).toBeLessThan(2100);
    expect(Math.abs(told - (frames.at(-1)!.mediaTime - from) * 10 - 1)).toBeLessThan(2);
    // The clip tells its second twice a second by its frames' numbers: 60 frames, and from 0 again.
    const off = frames.map(({ pixels, mediaTime }) => {
      const shown = Math.round(frameNumber(pixels)) / 30;
      return Math.abs(((mediaTime - shown + 1) % 2) - 1);
    });
    expect(Math.max(...off)).toBeLessThan(0.05);
  });
});

describe('a lower frame rate', () => {
  test('of a source in real time holds from then on, and what it leaves out counts as dropped', async () => {
    const { frames, setFrameRate } = await open(ingest, file('long.mp4'), { realtime: true, frameRate: 30 });
    setFrameRate(5);
    const taken: Frame[] = [];
    for await (const frame of frames) if (taken.push(frame) === 6) break;
    const steps = times(taken).map((time) => time - times(taken)[0]!);
    expect(steps).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(taken.slice(1).map(({ dropped }) => dropped)).toEqual(Array(5).fill({ busy: 5 }));
  });

  test('of a recording that is waited for changes nothing', async () => {
    const { frames, setFrameRate } = await open(ingest, file('clip.mp4'), { frameRate: 10 });
    setFrameRate(1);
    const taken: Frame[] = [];
    for await (const frame of frames) taken.push(frame);
    expect(taken).toHaveLength(20);
  });
});

test('a probe that is aborted stops, and so does opening a source', async () => {
  const controller = new AbortController();
  const endless = media.at('endless');
  const script =
    '#!/bin/sh\ncase $* in *-version) echo ffmpeg version 1; exit;; esac\nwhile :; do sleep 0.2; done\n';
  await writeFile(endless, script, { mode: 0o755 });
  const { signal } = controller;
  const slow = ingestAt(media.path, { ffmpegPath: endless });
  const refused = Promise.all([
    expect(slow.probe(file('long.mp4'), signal)).rejects.toThrow('enough'),
    expect(open(slow, file('long.mp4'), { signal })).rejects.toThrow('enough'),
  ]);
  while (!naming(endless).some((line) => line.includes('long.mp4'))) await sleep(20);
  controller.abort(new Error('enough'));
  await refused;
});
