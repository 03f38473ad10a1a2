import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Frame, SourceInfo } from '../../src/domain/frame.ts';
import { decode, file, ingestAt, never, open, refusal, risesAlways, times } from './harness.ts';
import { counting, ffmpeg, type MediaDir, MPEG4, mediaDir } from './media.ts';
import { counted, goneSoon, naming, pidOf, sleep } from './processes.ts';

let media: MediaDir;
let ingest: ReturnType<typeof ingestAt>;
let info: SourceInfo;

beforeAll(async () => {
  media = await mediaDir();
  ingest = ingestAt(media.path);
  await media.make(`${counting({ seconds: 2 })} ${MPEG4} clip.mp4`);
  await media.make('-stream_loop 99 -i clip.mp4 -c copy long.mp4');
  info = await ingest.probe(file('long.mp4'), never);
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

describe('a decoding', () => {
  test('a decoding that was aborted before it began gives nothing and starts nothing', async () => {
    const frames = decode(ingest, file('long.mp4'), info, { signal: AbortSignal.abort() });
    expect(await frames[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  test.each([0, 5, 30, 150])(
    'a decoding that is aborted %i ms after its start finishes and leaves no process',
    async (pause) => {
      const controller = new AbortController();
      const frames = decode(ingest, file('long.mp4'), info, {
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
    for await (const _frame of decode(ingest, file('long.mp4'), info)) break;
    expect(naming(media.path)).toEqual([]);
  });

  test('a decoding whose frames are no longer taken ends when ingest is closed', async () => {
    const closing = ingestAt(media.path);
    const iterator = decode(closing, file('long.mp4'), info)[Symbol.asyncIterator]();
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
      const iterator = decode(ingest, file('long.mp4'), info)[Symbol.asyncIterator]();
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

  test('the decoding of a recording waits until its frames are taken', async () => {
    const iterator = decode(ingest, file('clip.mp4'), info, { frameRate: 30 })[Symbol.asyncIterator]();
    const frames: Frame[] = [];
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      frames.push(next.value);
      if (frames.length === 3) await sleep(300);
    }
    expect(frames).toHaveLength(60);
  });

  test('a looped decoding starts again at the end, while media time goes on', async () => {
    const frames: Frame[] = [];
    for await (const frame of decode(ingest, file('clip.mp4'), info, { loop: true })) {
      if (frames.push(frame) === 65) break;
    }
    expect(risesAlways(frames)).toBe(true);
    const steps = times(frames).map((time, i) => time - i * 100);
    expect(Math.max(...steps.map(Math.abs))).toBeLessThan(70);
  });

  test('a decoding in real time keeps the pace of the clock, and the newest frame', async () => {
    const frames: Frame[] = [];
    for await (const frame of decode(ingest, file('clip.mp4'), info, { frameRate: 30, realtime: true })) {
      frames.push(frame);
      if (frames.length === 10) await sleep(500);
    }
    const lag = frames.map(({ wallTime, mediaTime }) => wallTime - mediaTime * 1000);
    // None comes before its time; how late one may be is up to the machine.
    expect(lag[0]! - Math.min(...lag)).toBeLessThan(100);
    const dropped = frames.reduce((sum, frame) => sum + (frame.dropped.busy ?? 0), 0);
    expect(dropped).toBeGreaterThan(5);
    expect(frames.length + dropped).toBe(60);
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
